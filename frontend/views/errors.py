"""The pages for what went wrong, in the shop's own design."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _page(request, 400, "That request was not understood", "Go back and try again.")


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    advice = "This page is for staff. If you are, log in with your staff account."
    return _page(request, 403, "Not for everybody", advice)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    advice = "Go back, reload the page and try again. Cookies must be allowed for this site."
    return _page(request, 403, "The form was too old", advice)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    advice = "The address may be mistyped, or what was here is gone."
    return _page(request, 404, "There is nothing here", advice)


def server_error(request: HttpRequest) -> HttpResponse:
    """Without context processors: whatever failed, the database perhaps, may fail again."""
    context = {
        "title": "Something broke on our side",
        "advice": "We have a note of it. Try again in a minute.",
    }
    return HttpResponse(render_to_string("frontend/server_error.html", context), status=500)


def _page(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    context = {"title": title, "advice": advice}
    return render(request, "frontend/error.html", context, status=status)
