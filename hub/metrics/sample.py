"""What one process measured in about one second, as an event."""

from typing import ClassVar

from hub.events import EventType
from hub.metrics.meter import Tally

TOPIC = "metrics"
MAX_NAMED_ROUTES = 20  # the busiest; a sample must stay far below the bound of a frame
MAX_ROUTE_LENGTH = 100  # characters


class MetricsSample(EventType, frozen=True):
    """One process's requests since its last sample. Sent ephemeral, shown on dashboards only.

    `latencies` maps a bucket's index (see `hub.metrics.buckets`) to its count, for responses that
    were neither streamed nor static files. `statuses` has "2xx" to "5xx" and "left" (the client
    did not wait). Rates are counts divided by `seconds`, which is above one in a busy loop.
    """

    type: ClassVar[str] = "metrics.sample"

    process: str
    seconds: float
    requests: int
    in_flight: int
    statuses: dict[str, int]
    latencies: dict[int, int]
    routes: dict[str, int]

    def key(self) -> str:
        return self.process


def sample_of(tally: Tally, *, process: str, seconds: float, in_flight: int) -> MetricsSample:
    """The tally as a sample; of the routes only the busiest are named."""
    busiest = sorted(tally.routes, key=lambda route: tally.routes[route], reverse=True)
    return MetricsSample(
        process=process,
        seconds=round(seconds, 3),
        requests=tally.requests,
        in_flight=in_flight,
        statuses=tally.statuses,
        latencies=tally.all_latencies().counts,
        routes={
            route[:MAX_ROUTE_LENGTH]: tally.routes[route] for route in busiest[:MAX_NAMED_ROUTES]
        },
    )
