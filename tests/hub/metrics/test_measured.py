"""The hour and the day of the dashboard: added up, stored, made coarser, and read again."""

import asyncio

import pytest
from django.db import OperationalError

from hub.errors import PolicyHangs
from hub.metrics import measured
from hub.metrics.buckets import bucket_index, bucket_value
from hub.metrics.keeper import Keeper
from hub.metrics.measured import DAY, HOUR, compact, last_day, last_hour, store
from hub.metrics.sample import MetricsSample
from hub.metrics.spans import MAX_WAITING, Figures, Spans
from hub.models import MeasuredSpan

pytestmark = pytest.mark.both

NOW = 1_800_000_003.0
TEN = 1_799_999_990  # the last whole ten seconds


def sample(requests=1, errors=0, milliseconds=()):
    counts = {bucket_index(one): 1 for one in milliseconds}
    statuses = {"2xx": requests - errors, "5xx": errors}
    return MetricsSample("p", 1.0, requests, 0, statuses, counts, {})


def figures(requests, **latencies):
    return Figures(requests, {"2xx": requests}, {int(key[1:]): n for key, n in latencies.items()})


def test_samples_are_added_up_in_spans_and_idle_ones_are_left_out():
    now = 100.0
    spans = Spans(lambda: now)
    assert not spans.add(sample(2, 1, [5.0]))
    now = 109.9
    assert not spans.add(sample(3, 0, [5.0]))
    now = 110.0
    assert spans.add(sample(0))
    [(begins, found)] = spans.take()
    assert (begins, found.requests, found.statuses) == (100, 5, {"2xx": 4, "5xx": 1})
    assert found.latencies == {bucket_index(5.0): 2}
    now = 120.0
    assert not spans.add(sample(7))
    assert [begins for begins, _ in spans.take(all=True)] == [120]
    assert spans.take(all=True) == []


def test_what_cannot_be_stored_waits_within_a_bound():
    now = 0.0
    spans = Spans(lambda: now)
    for number in range(2 * MAX_WAITING):
        now = number * 10.0
        spans.add(sample())
    taken = spans.take()
    assert len(taken) == MAX_WAITING
    spans.give_back(taken)
    now += 10
    spans.add(sample())
    assert [begins for begins, _ in spans.take()] == [begins + 10 for begins, _ in taken]


@pytest.mark.django_db
def test_the_hour_is_the_sum_of_all_processes():
    slow, fast = bucket_index(1000.0), bucket_index(10.0)
    store([(TEN, figures(20, **{f"b{fast}": 20}))], "a")
    store([(TEN, figures(10, **{f"b{slow}": 10})), (TEN - HOUR, figures(9))], "b")
    store([(TEN, figures(99))], "a")  # a second time: the first one stays
    MeasuredSpan.objects.create(seconds=10, begins=TEN, process="other", figures="{]")
    found = last_hour(NOW)
    assert (found.seconds, len(found.begins), found.begins[-1]) == (10, 360, TEN)
    assert found.rate == [0.0] * 359 + [3.0]
    assert found.p50[-1] == round(bucket_value(fast), 2)
    assert found.p99[-1] == round(bucket_value(slow), 2)
    assert found.p95[0] is None


@pytest.mark.django_db
def test_old_rows_become_minutes_and_then_go_and_the_day_has_both():
    hour_ago = (TEN - HOUR) // 60 * 60
    for process in "ab":
        store([(hour_ago - 120 + 10 * n, figures(3)) for n in range(12)], process)
        store([(TEN, figures(60))], process)
    before = last_day(NOW)
    assert sum(before.rate) * 60 == pytest.approx(72 + 120 * (before.begins[-1] + 60 > TEN))
    for _ in range(2):  # as several processes do it
        compact(NOW)
        assert last_day(NOW) == before
        assert MeasuredSpan.objects.filter(seconds=60, process="").count() == 2
        assert MeasuredSpan.objects.filter(seconds=10).count() == 2
    assert before.rate[before.begins.index(hour_ago - 60)] == 0.6
    store([(hour_ago - 60, figures(24))], "late")
    compact(NOW)
    assert last_day(NOW).rate[before.begins.index(hour_ago - 60)] == 1.0
    compact(NOW + HOUR + 120)
    compact(NOW + DAY + 240)
    assert not MeasuredSpan.objects.exists()


@pytest.mark.django_db(transaction=True)
async def test_a_process_stores_a_span_when_it_is_over_and_tries_again_where_it_could_not():
    now, failures = 100.0, [OperationalError("gone"), PolicyHangs("busy")]
    stored = asyncio.Event()

    async def run(work, *arguments):
        if work is measured.store:
            if failures:
                raise failures.pop()
            assert arguments == ([(100, figures_of_100), (110, figures_of_110)], "p")
            stored.set()

    keeper = Keeper(run, "p", clock=lambda: now)
    figures_of_100 = Figures(1, {"2xx": 1, "5xx": 0})
    figures_of_110 = Figures(4, {"2xx": 4, "5xx": 0})
    task = asyncio.create_task(keeper.run())
    keeper.add(sample())
    for moment in (110.0, 115.0, 120.0):
        now = moment
        keeper.add(sample(2))
        for _ in range(5):
            await asyncio.sleep(0)
    await asyncio.wait_for(stored.wait(), 5)
    task.cancel()
