"""What one process measured in about one second, as an event."""

from typing import ClassVar

import msgspec

from hub.events import EventType
from hub.metrics.buckets import Buckets
from hub.metrics.meter import OTHER, RouteTally, Slow, Tally

TOPIC = "metrics"
MAX_NAMED_ROUTES = 20  # the busiest, and one for the rest; a sample must fit into a frame
MAX_ROUTE_LENGTH = 100  # characters
MAX_ROUTE_BUCKETS = 240  # in all routes of a sample together
MAX_USER_LENGTH = 40  # characters of a primary key


class RouteDetail(msgspec.Struct, frozen=True, array_like=True):
    """One route's errors, the sum of its timed milliseconds, and its latencies as buckets."""

    errors: int
    milliseconds: float
    latencies: dict[int, int]


class SlowRequest(msgspec.Struct, frozen=True):
    """`at` is in seconds since 1970; `user` is a primary key, empty where nobody is known."""

    at: float
    route: str
    method: str
    status: int
    milliseconds: float
    user: str
    id: str


class MetricsSample(EventType, frozen=True):
    """One process's requests since its last sample. Sent ephemeral, shown on dashboards only.

    `latencies` maps a bucket's index (see `hub.metrics.buckets`) to its count, for responses that
    were neither streamed nor static files. `statuses` has "2xx" to "5xx" and "left" (the client
    did not wait). Rates are counts divided by `seconds`, which is above one in a busy loop.
    `route_details` has one entry for each of `routes`, in their order.
    """

    type: ClassVar[str] = "metrics.sample"

    process: str
    seconds: float
    requests: int
    in_flight: int
    statuses: dict[str, int]
    latencies: dict[int, int]
    routes: dict[str, int]
    route_details: list[RouteDetail] = []
    slowest: list[SlowRequest] = []

    def key(self) -> str:
        return self.process


def sample_of(tally: Tally, *, process: str, seconds: float, in_flight: int) -> MetricsSample:
    """The tally as a sample, of a size that does not grow with the load."""
    routes = _named(tally.routes)
    step = _step([route.latencies for route in routes.values()])
    return MetricsSample(
        process=process,
        seconds=round(seconds, 3),
        requests=tally.requests,
        in_flight=in_flight,
        statuses=tally.statuses,
        latencies=tally.all_latencies().counts,
        routes={name: route.requests for name, route in routes.items()},
        route_details=[
            RouteDetail(route.errors, round(route.milliseconds, 2), _coarser(route.latencies, step))
            for route in routes.values()
        ],
        slowest=[_told(slow) for slow in tally.slowest],
    )


def _named(routes: dict[str, RouteTally]) -> dict[str, RouteTally]:
    """The busiest routes; the rest are one, so that the sums stay right."""
    busiest = sorted(routes, key=lambda name: routes[name].requests, reverse=True)
    named: dict[str, RouteTally] = {}
    is_all = len(routes) <= MAX_NAMED_ROUTES
    for number, name in enumerate(busiest):
        is_named = is_all or number < MAX_NAMED_ROUTES - 1
        short = name[:MAX_ROUTE_LENGTH] if is_named else OTHER
        named.setdefault(short, RouteTally()).merge(routes[name])
    return named


def _step(latencies: list[Buckets]) -> int:
    """How many neighbours make one bucket, so that all fit into a sample: 1 unless there are many.

    The total over all routes keeps every bucket; only the table by route becomes coarser.
    """
    step = 1
    while sum(len({i // step for i in one.counts}) for one in latencies) > MAX_ROUTE_BUCKETS:
        step *= 2
    return step


def _coarser(latencies: Buckets, step: int) -> dict[int, int]:
    """The counts, of each `step` neighbours in the middle one."""
    if step == 1:
        return latencies.counts
    counts: dict[int, int] = {}
    for index, count in latencies.counts.items():
        middle = index // step * step + step // 2
        counts[middle] = counts.get(middle, 0) + count
    return counts


def _told(slow: Slow) -> SlowRequest:
    user = getattr(slow.user, "pk", None)
    return SlowRequest(
        at=round(slow.at, 1),
        route=slow.route[:MAX_ROUTE_LENGTH],
        method=slow.method[:10],
        status=slow.status or 0,
        milliseconds=round(slow.milliseconds, 2),
        user="" if user is None else str(user)[:MAX_USER_LENGTH],
        id=slow.id,
    )
