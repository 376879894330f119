"""Counts all requests since the process began, as Prometheus wants them: totals that only grow."""

from bisect import bisect_left
from typing import NamedTuple

from hub.metrics.record import Record

# OpenTelemetry's boundaries for `http.server.request.duration`, in seconds.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
# The methods that OpenTelemetry names. A client can send any word: others count as one.
METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
)
OTHER_METHOD = "_OTHER"
SCHEMES = frozenset({"http", "https"})
MAX_SERIES = 1_000  # different labels; requests with further ones are counted as OTHER_ROUTE
OTHER_ROUTE = "other"


class Labels(NamedTuple):
    """`status` is empty where no response began; `error` says why one failed, empty if none did."""

    method: str
    scheme: str
    route: str
    status: str
    error: str


# Method, scheme, route, status, whether it failed, whether the client left.
Facts = tuple[str, str, str, int | None, bool, bool]


class Histogram:
    """How many durations, in seconds, lay at or below each of BOUNDS and above the one before."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.sum = 0.0

    def record(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.sum += seconds

    def copy(self) -> "Histogram":
        same = Histogram()
        same.counts, same.sum = list(self.counts), self.sum
        return same


class Totals:
    """One histogram for each combination of labels. Belongs to one event loop."""

    def __init__(self) -> None:
        self._series: dict[Labels, Histogram] = {}
        self._known: dict[Facts, Histogram] = {}  # the same, found without making labels

    def add(self, record: Record, seconds: float) -> None:
        """Count a request that is over; it took so long from its first byte to its last."""
        facts = (
            record.method,
            record.scheme,
            record.route,
            record.status,
            record.failed,
            record.is_abandoned,
        )
        histogram = self._known.get(facts)
        if histogram is None:
            histogram = self._labelled(labels_of(record))
            if len(self._known) < MAX_SERIES:
                self._known[facts] = histogram
        histogram.record(seconds)

    def _labelled(self, labels: Labels) -> Histogram:
        if labels not in self._series and len(self._series) >= MAX_SERIES:
            labels = Labels(OTHER_METHOD, "http", OTHER_ROUTE, "", "")
        return self._series.setdefault(labels, Histogram())

    def snapshot(self) -> dict[Labels, Histogram]:
        """A copy, which another thread may read."""
        return {labels: histogram.copy() for labels, histogram in self._series.items()}


def labels_of(record: Record) -> Labels:
    status, error = record.status, ""
    if record.failed:
        error = "broken_off"
    elif record.is_abandoned:
        error = "client_left"
    elif status is not None and status >= 500:
        error = str(status)
    return Labels(
        record.method if record.method in METHODS else OTHER_METHOD,
        record.scheme if record.scheme in SCHEMES else "http",
        record.route,
        str(status) if status is not None and 100 <= status <= 599 else "",
        error,
    )
