"""How the API answers errors: one shape, one table of codes.

    {"error": {"code": "…", "message": "…"}}

`code` is for programs, `message` for humans.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, Throttled, ValidationError

from hub.errors import printable

logger = logging.getLogger("hub.api")

CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    422: "invalid",
    429: "rate_limited",
    500: "server_error",
    503: "unavailable",
}
RETRY_AFTER = 5  # seconds, in the answer to a client that got 503


class ErrorDetail(Schema):
    code: str
    message: str


class Error(Schema):
    error: ErrorDetail


class ApiError(Exception):
    """Raise it to answer with this status. `code` replaces the status' own code."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code or CODES[status]


def errors(*statuses: int) -> dict[int, Any]:
    """For an operation's `response`: these statuses, and 503, answer with an `Error`."""
    return {status: Error for status in (*statuses, 503)}


def refusal(status: int, message: str, code: str | None = None) -> JsonResponse:
    return JsonResponse(
        {"error": {"code": code or CODES[status], "message": message}}, status=status
    )


def unknown_path(request: HttpRequest, **kwargs: Any) -> JsonResponse:
    """A view for unknown paths below the API."""
    return refusal(404, "there is nothing at this path; see the API's description")


def server_error(request: HttpRequest) -> JsonResponse:
    """A view for `handler500`, for paths below the API."""
    return refusal(500, "something went wrong and was logged; try again in a minute")


def api_urls(api: NinjaAPI) -> tuple[list[Any], str, str]:
    """The API's URLs, for `path()`. An answer 405, too, has the one shape."""
    patterns, app, namespace = api.urls
    for pattern in patterns:
        pattern.callback = _with_shaped_405(pattern.callback)
    return patterns, app, namespace


def _with_shaped_405(view: Any) -> Callable[..., HttpResponse]:
    @wraps(view)
    def shaped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = view(request, *args, **kwargs)
        if response.status_code != 405:
            return response
        refused = refusal(405, f"use {response['Allow']}")
        refused["Allow"] = response["Allow"]
        return refused

    return shaped


def answer_errors(api: NinjaAPI) -> None:
    """Make this API answer errors in the one shape. A bug is still raised, for Django to log."""
    api.add_exception_handler(ApiError, _on_api_error)
    api.add_exception_handler(ValidationError, _on_invalid)
    api.add_exception_handler(Throttled, _on_throttled)
    api.add_exception_handler(HttpError, _on_http_error)
    api.add_exception_handler(Http404, _on_not_found)
    for kind in (OperationalError, InterfaceError):
        api.add_exception_handler(kind, _on_no_database)


def _on_api_error(request: HttpRequest, error: Any) -> HttpResponse:
    return refusal(error.status, error.message, error.code)


def _on_invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """Name each wrong field: `query.limit: Input should be …`."""
    parts = [
        f"{'.'.join(str(place) for place in one['loc'])}: {one['msg']}" for one in error.errors[:5]
    ]
    return refusal(422, "; ".join(parts)[:1_000])


def _on_throttled(request: HttpRequest, error: Any) -> HttpResponse:
    response = refusal(429, "too many requests; wait a moment")
    response["Retry-After"] = str(error.wait or 1)
    return response


def _on_http_error(request: HttpRequest, error: Any) -> HttpResponse:
    status = error.status_code
    if status == 401:
        return refusal(401, "log in first")
    return refusal(status, str(error), CODES.get(status, "refused"))


def _on_not_found(request: HttpRequest, error: Any) -> HttpResponse:
    return refusal(404, "it does not exist, or you may not see it")


def _on_no_database(request: HttpRequest, error: Any) -> HttpResponse:
    # The path is the client's: it must not begin a line of its own in the log.
    logger.warning(
        "the database cannot answer %s now: %s", printable(request.path), printable(error)
    )
    response = refusal(503, "the database is unavailable; try again in a moment")
    response["Retry-After"] = str(RETRY_AFTER)
    return response
