"""Adds up the records of one process."""

from hub.metrics.buckets import Buckets, merged
from hub.metrics.record import Record
from hub.metrics.sockets import SocketMeter
from hub.metrics.totals import Totals

MAX_ROUTES = 200  # different routes in one tally; further ones are counted as OTHER
OTHER = "other"


class Tally:
    """What was counted between two moments."""

    __slots__ = ("latencies", "requests", "routes", "statuses")

    def __init__(self) -> None:
        self.requests = 0
        self.statuses: dict[str, int] = {}
        self.routes: dict[str, int] = {}
        self.latencies: dict[str, Buckets] = {}  # by route

    def add(self, record: Record) -> None:
        self.requests += 1
        status = record.status_class
        self.statuses[status] = self.statuses.get(status, 0) + 1
        route = record.route
        if route not in self.routes and len(self.routes) >= MAX_ROUTES:
            route = OTHER
        self.routes[route] = self.routes.get(route, 0) + 1
        milliseconds = record.milliseconds
        if milliseconds is not None:
            self.latencies.setdefault(route, Buckets()).record(milliseconds)

    def all_latencies(self) -> Buckets:
        """The latencies of every route together."""
        return merged(self.latencies.values())


class Meter:
    """Counts the requests in flight and the finished ones. Belongs to one event loop.

    `totals` counts since the process began. `sockets` does the same for the hub's sockets.
    """

    def __init__(self) -> None:
        self.in_flight = 0
        self.totals = Totals()
        self.sockets = SocketMeter()
        self._tally = Tally()

    def open(self) -> None:
        """Count one more request in flight."""
        self.in_flight += 1

    def close(self, record: Record, seconds: float = 0.0) -> None:
        """Count a request as finished, so long after it was opened."""
        self.in_flight -= 1
        self._tally.add(record)
        self.totals.add(record, seconds)

    def take(self) -> Tally:
        """What was counted since the last call; the next call starts from zero."""
        taken, self._tally = self._tally, Tally()
        return taken
