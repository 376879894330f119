"""The request and the session in which a change is made.

Each log-in gives its session a random name, which is no secret and grants nothing. Events that
protect an account carry it as `origin`, so that the session's own pages do not warn of what they
did. The request's id and route stay in the event's row, for staff who follow an event's way.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

NAME = "_hub_origin"  # in the session; it survives a change of its key, as by a new password

MAX_ID, MAX_ROUTE = 32, 200  # characters, the widths of the columns
ROOT = "/"  # the name of the empty route


class _Source(NamedTuple):
    request: Any
    id: str | None


_NOBODY = _Source(None, None)
_source: ContextVar[_Source] = ContextVar("hub_source", default=_NOBODY)


@contextmanager
def made_by(request: Any, id: str | None = None) -> Iterator[None]:
    """What is published within belongs to this request, and to its id where it has one."""
    token = _source.set(_Source(request, id))
    try:
        yield
    finally:
        _source.reset(token)


def current_request() -> tuple[str | None, str | None]:
    """The id and the route of the request that publishes now; None outside of requests."""
    request, id = _source.get()
    match = getattr(request, "resolver_match", None)
    route = (match.route or ROOT)[:MAX_ROUTE] if match is not None else None
    return id and id[:MAX_ID], route


def name_session(request: Any) -> None:
    """Name the session of a request that has just logged in."""
    if (session := getattr(request, "session", None)) is not None:
        session[NAME] = secrets.token_urlsafe(9)


def origin_of(request: Any) -> str:
    """The name of the request's session; empty without one."""
    session = getattr(request, "session", None)
    return str(session.get(NAME, "")) if session is not None else ""


def current_origin() -> str:
    """The name of the session that publishes now; empty outside of requests."""
    return origin_of(_source.get().request)
