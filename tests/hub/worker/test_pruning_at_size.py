"""Pruning a log of a million events on PostgreSQL."""

import threading
import time

import pytest
from django.db import connection

from hub.log.epoch import ensure_log
from hub.models import InboxException, InboxMark, Log, Subscription
from hub.worker.pruning import prune
from tests.hub.worker.test_pruning import DAY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

EVENTS = 1_000_000
OLD = 1_000  # of them, the oldest
LONGEST_LOCK = 0.05  # seconds


@pytest.fixture
def long_log():
    ensure_log()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO hub_event (position, topic, type, at, frame)
            SELECT n, 'open.' || n %% 1000, 'test.told',
                   now() - CASE WHEN n <= %s THEN interval '100 days' ELSE interval '1 day' END, '}'
            FROM generate_series(1, %s) AS n
            """,
            [OLD, EVENTS],
        )
        cursor.execute("ANALYZE hub_event")
    Log.objects.update(head=EVENTS)


def longest_lock_while(work) -> float:
    """Seconds that another transaction waited for the log's row at most, while `work` ran."""
    waits = []
    ended = threading.Event()

    def lock_again_and_again():
        while not ended.is_set():
            began = time.monotonic()
            Log.objects.filter(pk=1).update(epoch="other")
            waits.append(time.monotonic() - began)
        connection.close()

    other = threading.Thread(target=lock_again_and_again)
    other.start()
    try:
        work()
    finally:
        ended.set()
        other.join()
    return max(waits)


def test_an_hourly_prune_holds_the_logs_lock_for_a_moment_only(long_log):
    """A busy machine may spoil a measurement; a scan of the log takes as long each time."""
    measured = []
    for _ in range(5):
        Log.objects.update(horizon=0, horizon_at=None)
        measured.append(longest_lock_while(lambda: prune(90 * DAY)))
        assert Log.objects.get().horizon == OLD
        if measured[-1] < LONGEST_LOCK:
            return
    pytest.fail(f"the lock was held for {min(measured):.3f} s")


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (Subscription.objects.filter(until__lte=1).order_by("until"), "hub_subscription_ended"),
        (InboxMark.objects.filter(upto__lte=1).order_by("upto"), "hub_inbox_mark_upto"),
        (
            InboxException.objects.filter(position__lte=1).order_by("position"),
            "hub_inbox_exception_position",
        ),
    ],
)
def test_what_is_pruned_is_found_along_an_index(rows, index):
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        try:
            plan = rows.values("pk")[:5].explain()
        finally:
            cursor.execute("RESET enable_seqscan")
    assert index in plan and "Sort" not in plan
