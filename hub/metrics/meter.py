"""Adds up the closed records of one process."""

import threading
import time
from collections.abc import Callable

from hub.metrics.buckets import Buckets, merged
from hub.metrics.record import Record

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

    def add(self, record: Record, milliseconds: float) -> None:
        self.requests += 1
        status = record.status_class
        self.statuses[status] = self.statuses.get(status, 0) + 1
        route = record.route
        if route not in self.routes and len(self.routes) >= MAX_ROUTES:
            route = OTHER
        self.routes[route] = self.routes.get(route, 0) + 1
        if record.timed:
            if route not in self.latencies:
                self.latencies[route] = Buckets()
            self.latencies[route].record(milliseconds)

    def all_latencies(self) -> Buckets:
        """The latencies of every route together."""
        return merged(self.latencies.values())


class Meter:
    """Counts requests in flight and closed ones. Records close in the loop and in threads.

    `clock` gives seconds that never run backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.in_flight = 0
        self._clock = clock
        self._tally = Tally()
        # A sync view's request_finished is sent from a worker thread.
        self._lock = threading.Lock()

    def open(self, record: Record) -> None:
        """Count a record as in flight, once."""
        with self._lock:
            if record.opened:
                return
            record.opened = True
            record.started = self._clock()
            self.in_flight += 1

    def close(self, record: Record) -> None:
        """Count an open record as done, once."""
        with self._lock:
            if record.closed or not record.opened:
                return
            record.closed = True
            self.in_flight -= 1
            self._tally.add(record, (self._clock() - record.started) * 1000)

    def take(self) -> Tally:
        """What was counted since the last call; the next call starts from zero."""
        with self._lock:
            taken, self._tally = self._tally, Tally()
        return taken
