"""Pruning: what it deletes, when, and in which steps."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hub import log, subscribe, unsubscribe
from hub.inbox import mark
from hub.models import Delivery, Event, InboxException, InboxMark, Log, Subscription
from hub.worker.pruning import prune
from tests.hub.site import change_subscriptions, tell
from tests.numbering import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

DAY = datetime.timedelta(days=1)
NONE = datetime.timedelta(0)


def age(position, days):
    """Everything up to a position was inserted so many days ago."""
    Event.objects.filter(position__lte=position).update(at=timezone.now() - days * DAY)


def positions():
    return list(Event.objects.order_by("id").values_list("position", flat=True))


@pytest.fixture
def old_log():
    """Five events, the first three a hundred days old."""
    tell("open.1", *"abcde")
    drain()
    age(3, days=100)


def test_the_horizon_moves_before_a_row_is_removed(old_log):
    done = prune(90 * DAY)
    assert (done.horizon, done.removed) == (3, 0)
    assert positions() == [1, 2, 3, 4, 5]
    assert log.state().horizon == 3


def test_the_rows_behind_the_horizon_are_deleted_after_the_grace(old_log):
    prune(90 * DAY)
    Log.objects.update(horizon_at=timezone.now() - datetime.timedelta(minutes=9))
    assert prune(90 * DAY).removed == 0
    Log.objects.update(horizon_at=timezone.now() - datetime.timedelta(minutes=11))
    assert prune(90 * DAY).removed == 3
    assert positions() == [4, 5]
    assert log.state().head == 5


def test_rows_without_a_position_are_never_removed(old_log):
    tell("open.1", "waiting")
    Event.objects.filter(position=None).update(at=timezone.now() - 100 * DAY)
    prune(90 * DAY, grace=NONE)
    prune(90 * DAY, grace=NONE)
    assert positions() == [4, 5, None]


def test_a_log_without_old_events_is_left_alone():
    tell("open.1", "new")
    drain()
    done = prune(90 * DAY, grace=NONE)
    assert (done.horizon, done.removed) == (0, 0)


def test_an_empty_log_can_be_pruned():
    assert prune(90 * DAY).removed == 0


def test_subscriptions_that_ended_behind_the_horizon_are_deleted_and_open_ones_stay():
    change_subscriptions(
        (subscribe, 7, "open.1"), (subscribe, 8, "open.1"), (unsubscribe, 7, "open.1")
    )
    tell("open.1", "new")
    drain()
    age(3, days=100)
    prune(90 * DAY, grace=NONE)
    prune(90 * DAY, grace=NONE)
    assert list(Subscription.objects.values_list("person", flat=True)) == ["8"]


def test_no_statement_deletes_more_rows_than_a_chunk(monkeypatch):
    monkeypatch.setattr("hub.models.chunks.ROWS_PER_DELETE", 2)
    change_subscriptions(*[(subscribe, user, "open.1") for user in range(5)])
    change_subscriptions(*[(unsubscribe, user, "open.1") for user in range(5)])
    drain()
    for position in range(1, 6):
        mark(7, "read", position)
    InboxMark.objects.bulk_create(
        InboxMark(person="7", what="seen", upto=position, turn=position) for position in range(1, 6)
    )
    Delivery.objects.bulk_create(
        Delivery(position=position, person="7", due_at=timezone.now(), reference=str(position))
        for position in range(1, 6)
    )
    age(10, days=100)
    prune(90 * DAY, grace=NONE)
    with CaptureQueriesContext(connection) as captured:
        assert prune(90 * DAY, grace=NONE).removed == 10
    statements = [query["sql"] for query in captured if query["sql"].startswith("DELETE")]
    for model in (Delivery, Event, InboxException, InboxMark, Subscription):
        rows = 10 if model is Event else 5
        found = [one for one in statements if f'"{model._meta.db_table}"' in one]
        assert len(found) == -(-rows // 2), model


def test_an_event_stamped_by_a_clock_that_was_ahead_does_not_stop_pruning(old_log):
    Event.objects.filter(position=2).update(at=timezone.now() + 40 * DAY)
    assert prune(90 * DAY).horizon == 3


def test_a_horizon_stamped_by_a_clock_that_was_ahead_counts_as_old(old_log):
    prune(90 * DAY)
    Log.objects.update(horizon_at=timezone.now() + 40 * DAY)
    assert prune(90 * DAY).removed == 3
