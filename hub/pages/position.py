"""The position that a page carries, so that its socket resumes exactly where it was rendered.

The position is read before the view queries. So a change that commits in between reaches the page
twice, once as content and once as an event; it is never missed.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponseBase

from hub import log

V = TypeVar("V", bound=Callable[..., Any])

_SINCE = "hub_since"  # in the session, until its next page


def page_of(request: HttpRequest) -> str:
    """The log's present `epoch:position`; without a server it is read from the database.

    Empty if the database cannot answer: then the page's socket starts at the head.
    """
    if followed := _followed(request):
        return followed
    try:
        state = log.state()
    except DatabaseError:  # The view decides what it shows; a health check needs no database.
        return ""
    return f"{state.epoch}:{state.head}"


def _followed(request: HttpRequest) -> str:
    """The same from this server's follower, without a query; empty unless it is ready."""
    runtime = getattr(request, "scope", {}).get("hub")
    if runtime is None or not runtime.follower.ready.is_set():
        return ""
    return f"{runtime.follower.epoch}:{runtime.follower.position}"


def tell_since(request: HttpRequest) -> None:
    """Let the session's next page tell what has happened since this request began.

    For a request that makes a user: the first event of their own comes before any page of theirs.
    """
    request.session[_SINCE] = getattr(request, "hub_page", "")


def position_of(request: HttpRequest, *, is_signed_in: bool) -> str:
    """The `epoch:position` where a page was rendered, or an earlier one that `tell_since` noted."""
    # A visitor's session is not read: their pages are the same for all, and may be cached.
    session = getattr(request, "session", None) if is_signed_in else None
    since = session.pop(_SINCE, "") if session and _SINCE in session else ""
    return since or getattr(request, "hub_page", None) or page_of(request)


def without_page(view: V) -> V:
    """Marks a view that shows no page, so that the log's position is not read for it."""
    view.hub_without_page = True  # type: ignore[attr-defined]
    return view


class PagePositionMiddleware:
    """Sets `request.hub_page`. It must come before every middleware that queries."""

    # Both: for a middleware that is only sync, Django holds a thread per request that waits for the
    # event loop, and a Daphne that has stopped its loop waits for such threads forever.
    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self._get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        # Before the middleware behind this one, which may read the user. It costs nothing. The
        # database is asked later, when it is known whether the view shows a page at all.
        if followed := _followed(request):
            request.hub_page = followed  # type: ignore[attr-defined]
        response: HttpResponseBase | Awaitable[HttpResponseBase] = self._get_response(request)
        return response

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> None:
        if not hasattr(request, "hub_page") and not getattr(view, "hub_without_page", False):
            request.hub_page = page_of(request)  # type: ignore[attr-defined]


def page(request: HttpRequest) -> dict[str, str]:
    """Context processor: `hub_page`, for the page's `data-hub-page`."""
    return {"hub_page": getattr(request, "hub_page", "")}
