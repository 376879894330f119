"""One HTTP request while it is measured."""

import os
import secrets
from contextvars import ContextVar
from itertools import count
from typing import Any

STATIC = "static"  # the route of files served below the static prefix
UNROUTED = "unrouted"  # no view was found, or the request never came that far
LEFT = "left"  # the status class of a request whose client left before the response was complete
CLASSES = {number: f"{number}xx" for number in range(1, 6)}

# Set outside Django's handler, where views, middleware and both request signals see it. A value
# that a receiver of `request_started` sets here is lost before the view runs.
current_record: ContextVar["Record | None"] = ContextVar("hub_record", default=None)

# A request's id: of this process, and counted. It need not be hard to guess, only unique.
_prefix = secrets.token_hex(4)
_numbers = count(1)


def _begin_anew() -> None:
    """A forked server must not go on with its parent's ids: its siblings do, too."""
    global _prefix
    _prefix = secrets.token_hex(4)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


class Record:
    """What is known about one request. The wrapper in `hub.metrics.wrapper` owns it."""

    __slots__ = (
        "answered",
        "failed",
        "id",
        "left",
        "method",
        "route",
        "scheme",
        "started_at",
        "status",
        "stopped_at",
        "streaming",
        "user",
    )

    def __init__(self, route: str = UNROUTED, method: str = "GET", scheme: str = "http") -> None:
        self.id = f"{_prefix}-{next(_numbers):x}"
        self.route = route
        self.method = method
        self.scheme = scheme
        self.user: Any = None  # who made it, if a view or a middleware asked
        self.status: int | None = None
        self.streaming = False  # a streamed body, which lasts as long as its reader wants
        self.answered = False  # the last byte was handed to the server
        self.failed = False  # the application raised instead of completing its response
        self.left = False  # the client went away first
        # Between these two moments Django handled the request: seconds of `time.perf_counter`.
        self.started_at: float | None = None
        self.stopped_at: float | None = None

    @property
    def is_abandoned(self) -> bool:
        """Whether the client left before the response was complete."""
        return not self.failed and (self.status is None or (self.left and not self.answered))

    @property
    def status_class(self) -> str:
        """ "2xx" and so on; "5xx" for a failed response, "left" for one that nobody waited for."""
        if self.failed:
            return "5xx"
        if self.status is None or (self.left and not self.answered):
            return LEFT
        return CLASSES.get(self.status // 100) or f"{self.status // 100}xx"

    @property
    def milliseconds(self) -> float | None:
        """How long Django took to respond; None where that does not show how fast the site is.

        The duration of a stream depends on its reader, that of a response broken off on the
        client's patience, and many quick static files would hide slow pages.
        """
        if self.started_at is None or self.stopped_at is None:
            return None
        if not self.answered or self.streaming or self.failed or self.route == STATIC:
            return None
        return (self.stopped_at - self.started_at) * 1000


def current_id() -> str | None:
    """The id of the request that runs now; None outside of requests that are measured."""
    record = current_record.get()
    return record.id if record is not None else None
