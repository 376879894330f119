"""What the meter adds up, and what becomes of it over several processes."""

import itertools
import math
from random import Random

import pytest

from hub.metrics.buckets import Buckets, merged
from hub.metrics.meter import MAX_ROUTES, OTHER, Meter
from hub.metrics.record import Record
from hub.metrics.sample import sample_of
from tests.hub.metrics.tallies import routes_of


def finished(route, milliseconds=1.0):
    """A record of a request that was answered."""
    record = Record(route)
    record.status, record.answered = 200, True
    record.started_at, record.stopped_at = 100.0, 100.0 + milliseconds / 1000
    return record


def test_latency_is_the_time_between_the_two_signals():
    meter = Meter()
    meter.open()
    meter.close(finished("x/", milliseconds=250))
    assert meter.take().routes["x/"].latencies.quantile(0.5) == pytest.approx(250, rel=0.02)


def test_routes_beyond_the_bound_are_counted_as_other():
    meter = Meter()
    for number in range(MAX_ROUTES + 5):
        meter.open()
        meter.close(finished(f"route-{number}/"))
    tally = meter.take()
    assert len(routes_of(tally)) == MAX_ROUTES + 1
    assert tally.routes[OTHER].requests == tally.routes[OTHER].latencies.total == 5


def test_the_slowest_requests_are_kept_with_who_made_them():
    meter = Meter()
    for number in range(200):
        record = finished(f"route-{number % 7}/", milliseconds=(number * 37) % 200)
        record.user = f"user {(number * 37) % 200}"
        meter.open()
        meter.close(record)
    slowest = meter.take().slowest
    assert [round(slow.milliseconds) for slow in slowest] == [199, 198, 197]
    assert [slow.user for slow in slowest] == ["user 199", "user 198", "user 197"]
    assert meter.take().slowest == []


def test_errors_and_time_are_counted_by_route():
    meter = Meter()
    for status, milliseconds in [(200, 10), (404, 20), (500, 30)]:
        record = finished("x/", milliseconds)
        record.status = status
        meter.open()
        meter.close(record)
    route = meter.take().routes["x/"]
    assert (route.requests, route.errors, round(route.milliseconds)) == (3, 1, 60)


def test_percentiles_of_several_processes_are_within_two_percent_of_the_exact_ones():
    random = Random(7)
    durations = [[random.lognormvariate(mean, 1.2) for _ in range(2_000)] for mean in (2, 4, 5)]
    samples = []
    for ours in durations:
        meter = Meter()
        for milliseconds in ours:
            meter.open()
            meter.close(finished("x/", milliseconds))
        taken = meter.take()
        samples.append(sample_of(taken, process="web:1", seconds=1, in_flight=0))
    together = sorted(itertools.chain(*durations))
    for latencies in (
        merged(Buckets(sample.latencies) for sample in samples),
        merged(Buckets(sample.route_details[0].latencies) for sample in samples),
    ):
        for share in (0.5, 0.95, 0.99):
            exact = together[math.ceil(share * len(together)) - 1]
            assert latencies.quantile(share) == pytest.approx(exact, rel=0.0201)
