"""Adds up the records of one process."""

import heapq
import itertools
import time

from hub.metrics.buckets import Buckets, merged
from hub.metrics.record import Record
from hub.metrics.sockets import SocketMeter
from hub.metrics.totals import Totals

MAX_ROUTES = 200  # different routes in one tally; further ones are counted as OTHER
OTHER = "other"
SLOWEST = 3  # requests of one tally that are told one by one

_ties = itertools.count()  # of two requests that took equally long, neither is compared


class Slow:
    """One of the slowest requests: when it ended, in seconds since 1970, and how long it took."""

    __slots__ = ("at", "id", "method", "milliseconds", "route", "status", "user")

    def __init__(self, record: Record, milliseconds: float) -> None:
        self.at = time.time()
        self.id = record.id
        self.method = record.method
        self.milliseconds = milliseconds
        self.route = record.route
        self.status = record.status
        self.user = record.user


class RouteTally:
    """The requests of one route. `milliseconds` is the sum of those in `latencies`."""

    __slots__ = ("errors", "latencies", "milliseconds", "requests")

    def __init__(self) -> None:
        self.requests = 0
        self.errors = 0
        self.milliseconds = 0.0
        self.latencies = Buckets()

    def merge(self, other: "RouteTally") -> None:
        """Add what `other` counted."""
        self.requests += other.requests
        self.errors += other.errors
        self.milliseconds += other.milliseconds
        self.latencies.merge(other.latencies)


class Tally:
    """What was counted between two moments."""

    __slots__ = ("_slowest", "requests", "routes", "statuses")

    def __init__(self) -> None:
        self.requests = 0
        self.statuses: dict[str, int] = {}
        self.routes: dict[str, RouteTally] = {}
        self._slowest: list[tuple[float, int, Slow]] = []  # a heap: the fastest of them first

    def add(self, record: Record) -> None:
        self.requests += 1
        status = record.status_class
        self.statuses[status] = self.statuses.get(status, 0) + 1
        route = self.routes.get(record.route)
        if route is None:
            name = record.route if len(self.routes) < MAX_ROUTES else OTHER
            route = self.routes.setdefault(name, RouteTally())
        route.requests += 1
        if status == "5xx":
            route.errors += 1
        milliseconds = record.milliseconds
        if milliseconds is not None:
            route.milliseconds += milliseconds
            route.latencies.record(milliseconds)
            if len(self._slowest) < SLOWEST or milliseconds > self._slowest[0][0]:
                self._keep(record, milliseconds)

    def _keep(self, record: Record, milliseconds: float) -> None:
        entry = (milliseconds, next(_ties), Slow(record, milliseconds))
        if len(self._slowest) < SLOWEST:
            heapq.heappush(self._slowest, entry)
        else:
            heapq.heapreplace(self._slowest, entry)

    @property
    def slowest(self) -> list[Slow]:
        """The slowest first."""
        return [slow for *_, slow in sorted(self._slowest, key=lambda one: -one[0])]

    def all_latencies(self) -> Buckets:
        """The latencies of every route together."""
        return merged(route.latencies for route in self.routes.values())


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
