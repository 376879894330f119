"""The sampler with a clock that the tests control."""

import asyncio
import datetime
from types import SimpleNamespace

import pytest

from hub.events import encode_tail
from hub.limits import Limits
from hub.metrics.buckets import LONGEST, MAX_BUCKETS, SHORTEST, bucket_index
from hub.metrics.meter import Meter
from hub.metrics.record import Record
from hub.metrics.sample import MAX_NAMED_ROUTES, sample_of
from hub.metrics.sampler import Sampler


class Clock:
    """Time passes only in `sleep`, or when the test says so."""

    def __init__(self, beats):
        self.now = 1000.0
        self.beats = beats  # how many sleeps to allow
        self.late = {}  # seconds that a sleep takes too long, by its number
        self.slept = 0

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        if self.slept == self.beats:
            raise asyncio.CancelledError
        self.now += seconds + self.late.get(self.slept, 0)
        self.slept += 1


async def run_sampler(clock, meter=None, send=None):
    sent = []
    times = []

    def keep(event, topic):
        sent.append((event, topic))
        times.append(clock.now)

    sampler = Sampler(
        meter or Meter(), send or keep, process="web:1", clock=clock, sleep=clock.sleep
    )
    with pytest.raises(asyncio.CancelledError):
        await sampler.run()
    return sent, times


def answer(meter, route="x/", status=200):
    """Count a request that was answered."""
    record = Record(route)
    record.status, record.answered = status, True
    record.started_at, record.stopped_at = 100.0, 100.001
    meter.open()
    meter.close(record)


async def test_a_sample_tells_what_the_meter_counted():
    meter = Meter()
    answer(meter)
    answer(meter, status=503)
    meter.open()
    sent, _ = await run_sampler(Clock(beats=1), meter)
    [(sample, topic)] = sent
    assert topic == "metrics"
    assert sample.key() == sample.process == "web:1"
    assert (sample.requests, sample.in_flight, sample.seconds) == (2, 1, 1.0)
    assert sample.statuses == {"2xx": 1, "5xx": 1}
    assert sum(sample.latencies.values()) == 2
    assert sample.routes == {"x/": 2}


async def test_each_sample_covers_only_its_own_second():
    meter = Meter()
    answer(meter)
    sent, _ = await run_sampler(Clock(beats=3), meter)
    assert [sample.requests for sample, _ in sent] == [1, 0, 0]


async def test_a_late_sample_says_how_long_it_covers_and_the_next_is_on_time():
    clock = Clock(beats=4)
    clock.late[1] = 0.3
    sent, times = await run_sampler(clock)
    assert times == pytest.approx([1001, 1002.3, 1003, 1004])
    assert [sample.seconds for sample, _ in sent] == pytest.approx([1, 1.3, 0.7, 1])


async def test_samples_missed_while_the_loop_was_blocked_are_left_out():
    clock = Clock(beats=3)
    clock.late[0] = 3.6
    sent, times = await run_sampler(clock)
    assert times == pytest.approx([1004.6, 1005, 1006])
    assert [sample.seconds for sample, _ in sent] == pytest.approx([4.6, 0.4, 1])


async def test_small_delays_do_not_add_up():
    clock = Clock(beats=100)
    clock.late = dict.fromkeys(range(100), 0.01)
    _, times = await run_sampler(clock)
    assert times[-1] == pytest.approx(1100.01)


async def test_a_sample_that_cannot_be_sent_costs_only_itself(caplog):
    sent = []

    def fail_once(event, topic):
        sent.append(event)
        if len(sent) == 1:
            raise ConnectionError("the layer is away")

    await run_sampler(Clock(beats=3), send=fail_once)
    assert len(sent) == 3
    assert "could not be sent" in caplog.text


def a_loaded_meter(routes, requests):
    """With all that a client can make long, and each bucket counted."""
    meter = Meter()
    first = bucket_index(SHORTEST)
    for number in range(routes):
        record = Record(f"{number:03}" + "r" * 300, "PROPFIND" * 9)
        record.status, record.answered, record.user = 200, True, SimpleNamespace(pk="u" * 300)
        record.started_at, record.stopped_at = 100.0, 100.0 + number
        meter.open()
        meter.close(record)
    tally = meter.take()
    for route in tally.routes.values():
        route.latencies.counts = dict.fromkeys(range(first, first + MAX_BUCKETS), requests)
        route.requests = requests
    return tally


def encoded(sample):
    now = datetime.datetime.now(datetime.UTC)
    return encode_tail(sample, "metrics", now, Limits().frame_out)  # raises when it is too large


def test_the_largest_possible_sample_fits_into_a_frame():
    tally = a_loaded_meter(routes=300, requests=10**6)
    assert bucket_index(LONGEST) in tally.all_latencies().counts
    sample = sample_of(tally, process="h" * 80, seconds=1, in_flight=10**6)
    assert len(sample.routes) == len(sample.route_details) <= MAX_NAMED_ROUTES
    assert len(sample.routes) == MAX_NAMED_ROUTES
    encoded(sample)


def test_what_a_sample_does_not_name_is_in_its_last_route():
    tally = a_loaded_meter(routes=50, requests=3)
    sample = sample_of(tally, process="web:1", seconds=1, in_flight=0)
    assert sum(sample.routes.values()) == 150
    assert sum(sum(one.latencies.values()) for one in sample.route_details) == sum(
        sample.latencies.values()
    )


def test_few_routes_keep_each_of_their_buckets():
    meter = Meter()
    for number in range(10):
        answer(meter, route=f"{number}/")
    sample = sample_of(meter.take(), process="web:1", seconds=1, in_flight=0)
    assert [one.latencies for one in sample.route_details] == [
        {bucket_index((100.001 - 100.0) * 1000): 1}
    ] * 10
