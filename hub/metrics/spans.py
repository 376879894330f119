"""Samples added up over spans of time: what the long charts are drawn from."""

from collections.abc import Callable, Iterable

import msgspec

from hub.metrics.buckets import Buckets
from hub.metrics.sample import MetricsSample

SHORT = 10  # seconds of one row of a process
LONG = 60  # seconds of one row of all processes
MAX_WAITING = 6  # finished spans that are kept while the database does not answer


class Figures(msgspec.Struct):
    """Counts of requests, by status class, and of their latencies, by bucket."""

    requests: int = 0
    statuses: dict[str, int] = {}
    latencies: dict[int, int] = {}

    def add(self, other: "Figures | MetricsSample") -> None:
        """Add what `other` counted."""
        self.requests += other.requests
        for status, count in other.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + count
        for index, count in other.latencies.items():
            self.latencies[index] = self.latencies.get(index, 0) + count


class Columns(msgspec.Struct):
    """A chart's columns, oldest first: `begins` of each span, requests and errors per second, and
    percentiles in milliseconds, None where nothing was timed."""

    seconds: int
    begins: list[int] = []
    rate: list[float] = []
    errors: list[float] = []
    p50: list[float | None] = []
    p95: list[float | None] = []
    p99: list[float | None] = []


class Spans:
    """Adds up the samples of this process. One that made no requests in a span has none."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._begins = 0
        self._figures = Figures()
        self._finished: list[tuple[int, Figures]] = []

    def add(self, sample: MetricsSample) -> bool:
        """Count a sample that ends now; return whether a span is finished."""
        begins = int(self._clock()) // SHORT * SHORT
        if begins != self._begins:
            self._finish()
            self._begins = begins
        self._figures.add(sample)
        return bool(self._finished)

    def take(self, *, all: bool = False) -> list[tuple[int, Figures]]:
        """The finished spans with their beginnings; with `all`, the present one, too."""
        if all:
            self._finish()
        taken, self._finished = self._finished, []
        return taken

    def give_back(self, spans: list[tuple[int, Figures]]) -> None:
        """These could not be stored: the next `take` has them again, unless they are too many."""
        self._finished = [*spans, *self._finished][-MAX_WAITING:]

    def _finish(self) -> None:
        if self._figures.requests:
            self._finished.append((self._begins, self._figures))
            del self._finished[:-MAX_WAITING]
        self._figures = Figures()


def columns_of(
    spans: Iterable[tuple[int, Figures]], seconds: int, first: int, last: int
) -> Columns:
    """The sums of spans as columns, one every `seconds` from `first` to `last`, without gaps.

    A span without figures had no requests.
    """
    sums: dict[int, Figures] = {}
    for begins, figures in spans:
        sums.setdefault(begins // seconds * seconds, Figures()).add(figures)
    columns = Columns(seconds)
    for begins in range(first, last + 1, seconds):
        figures = sums.get(begins) or Figures()
        latencies = Buckets(figures.latencies)
        columns.begins.append(begins)
        columns.rate.append(round(figures.requests / seconds, 2))
        columns.errors.append(round(figures.statuses.get("5xx", 0) / seconds, 3))
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
            value = latencies.quantile(share)
            getattr(columns, name).append(None if value is None else round(value, 2))
    return columns
