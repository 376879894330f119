"""One HTTP request while it is being measured."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.metrics.meter import Meter

SCOPE_KEY = "hub.record"  # where the record lies in an ASGI scope
STATIC = "static"  # the route of files served below the static prefix
UNROUTED = "unrouted"  # no view was found, or the request never came that far
LEFT = "left"  # the status class of a request whose client did not wait for the answer

# Set outside Django's handler, where views, middleware and `request_finished` all see it: what a
# receiver of `request_started` sets here is lost again before the view runs.
current_record: ContextVar["Record | None"] = ContextVar("hub_record", default=None)


class Record:
    """What is known of one request; `open` and `close` count once, however often they are called.

    Several places learn that a request has ended, and none of them learns it always: see
    `hub.metrics.wrapper`. The meter's lock makes the first of them win.
    """

    __slots__ = (
        "answered",
        "closed",
        "failed",
        "left",
        "meter",
        "opened",
        "route",
        "started",
        "status",
        "streaming",
    )

    def __init__(self, meter: "Meter", route: str = UNROUTED) -> None:
        self.meter = meter
        self.route = route
        self.status: int | None = None
        self.streaming = False  # a streamed body: it lasts as long as it likes
        self.answered = False  # the last byte was handed to the server
        self.failed = False  # the application raised instead of answering to the end
        self.left = False  # the client went away first
        self.opened = False
        self.closed = False
        self.started = 0.0  # by the meter's clock, in seconds

    def open(self) -> None:
        """Start the clock and count the request as in flight."""
        self.meter.open(self)

    def close(self) -> None:
        """Count the request as it is now; nothing that becomes known later is counted."""
        self.meter.close(self)

    @property
    def status_class(self) -> str:
        """ "2xx" and so on; "5xx" for a failed answer, "left" for one that nobody waited for."""
        if self.failed:
            return "5xx"
        if self.status is None or (self.left and not self.answered):
            return LEFT
        return f"{self.status // 100}xx"

    @property
    def timed(self) -> bool:
        """Whether its duration says how fast the application answers.

        A stream lasts as long as its reader wants, and a broken-off answer as long as the client's
        patience; many quick static files would hide slow pages.
        """
        return self.answered and not (self.streaming or self.failed or self.route == STATIC)
