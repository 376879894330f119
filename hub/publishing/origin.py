"""The session in which a change is made, so that its own pages do not warn of what they did.

Each log-in gives its session a random name, which is no secret and grants nothing. Events that
protect an account carry it as `origin`.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

NAME = "_hub_origin"  # in the session; it survives a change of its key, as by a new password

_request: ContextVar[Any] = ContextVar("hub_request", default=None)


@contextmanager
def made_by(request: Any) -> Iterator[None]:
    """What is published within belongs to this request."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


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
    return origin_of(_request.get())
