"""The pages behind the links of emails about accounts. A GET changes nothing."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from orders import addresses
from orders.errors import EmailTaken, LinkOutdated, Refused


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_address(request: HttpRequest, token: str) -> HttpResponse:
    """The signed link is the authority: it works in any browser, logged in or not."""
    try:
        if request.method == "POST":
            user = addresses.confirm(token)
            messages.success(request, f"{user.email} is confirmed. Your emails go there.")
            return redirect("shop")
        address = addresses.address_to_confirm(token)
    except (EmailTaken, LinkOutdated) as refusal:
        return _outdated(request, refusal)
    return _ask(
        request,
        title="Confirm your email address",
        text=f"Emails of your account go to {address} once you confirm it.",
        button="Confirm this address",
    )


@require_POST
@login_required
def ask_again(request: HttpRequest) -> HttpResponse:
    if addresses.ask_again(request.user):
        messages.success(request, f"We have sent a link to {request.user.email}.")
    else:
        text = "We sent a link a while ago. Look for it, also among spam, or ask again later."
        messages.info(request, text)
    return redirect("account")


@require_http_methods(["GET", "HEAD", "POST"])
def end_sessions(request: HttpRequest, token: str) -> HttpResponse:
    try:
        if request.method == "POST":
            if addresses.end_sessions_by_link(token) == request.user:
                logout(request)
            text = "All sessions of your account have ended. Now choose a new password."
            messages.success(request, text)
            return redirect("password_reset")
        addresses.user_of_session_link(token)
    except LinkOutdated as refusal:
        return _outdated(request, refusal)
    return _ask(
        request,
        title="End all sessions?",
        text="Everybody who is logged in to your account is logged out, in all browsers.",
        button="End all sessions",
    )


def _ask(request: HttpRequest, **context: Any) -> HttpResponse:
    return _private(render(request, "frontend/link.html", context))


def _outdated(request: HttpRequest, refusal: Refused) -> HttpResponse:
    context = {"title": "This link no longer works", "text": refusal.messages[0]}
    return _private(render(request, "frontend/link.html", context, status=410))


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"  # the URL is a key
    response["X-Robots-Tag"] = "noindex"
    return response
