"""Error pages in the shop's design."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from hub.identity import RETRY_AFTER


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _page(request, 400, "Bad request", "Go back and try again.")


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    advice = "This page is for staff. If you are staff, log in with your staff account."
    return _page(request, 403, "You don't have access", advice)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    advice = "Go back, reload the page and try again. Your browser must allow cookies."
    return _page(request, 403, "This form has expired", advice)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    advice = "The address may be mistyped, or the page was removed."
    return _page(request, 404, "Page not found", advice)


def gone(request: HttpRequest) -> HttpResponse:
    advice = "Nothing was saved. Go back and reload the page."
    return _page(request, 409, "This was deleted in the meantime", advice)


def too_many_requests(request: HttpRequest, retry_after: int = RETRY_AFTER) -> HttpResponse:
    """`retry_after` is in seconds."""
    response = _page(request, 429, "Too many requests", f"Try again {_in(retry_after)}.")
    response["Retry-After"] = str(retry_after)
    return response


def busy(request: HttpRequest, retry_after: int) -> HttpResponse:
    """`retry_after` is in seconds."""
    advice = f"Too many users are logging in. Try again {_in(retry_after)}."
    response = _page(request, 503, "Busy at the moment", advice)
    response["Retry-After"] = str(retry_after)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context processors: what failed, such as the database, may fail again."""
    context = {
        "title": "Something went wrong",
        "advice": "The error was logged. Try again in a minute.",
    }
    return HttpResponse(render_to_string("frontend/server_error.html", context), status=500)


def _in(seconds: int) -> str:
    """A time to wait, in words."""
    if seconds < 60:
        return "in a moment"
    minutes = -(-seconds // 60)
    return f"in {minutes} minutes" if minutes > 1 else "in a minute"


def _page(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    context = {"title": title, "advice": advice}
    return render(request, "frontend/error.html", context, status=status)
