import threading

import pytest
from django.db import connection, transaction

from hub import subscribe, unsubscribe
from hub.log.epoch import ensure_log, renew_epoch
from hub.log.numbering import MAX_ROWS
from hub.models import Event, Log, Subscription
from hub.publishing.publisher import publish_many
from tests.hub.site import Told, change_subscriptions, tell
from tests.numbering import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def in_threads(*works):
    """Run each in a thread of its own; raises what one of them raises."""
    errors = []

    def run(work):
        try:
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    if errors:
        raise errors[0]


def positions():
    return list(Event.objects.order_by("id").values_list("position", flat=True))


def test_the_first_drain_of_an_empty_log_makes_its_row():
    drained = drain()
    assert drained.rows == []
    log = Log.objects.get()
    assert (log.epoch, log.head, log.horizon) == (drained.epoch, 0, 0)
    assert len(log.epoch) == 16


def test_rows_are_numbered_one_by_one_in_the_order_of_their_transaction():
    tell("news", "a", "b", "c")
    drained = drain()
    assert [(row.position, row.topic, row.type) for row in drained.rows] == [
        (1, "news", "test.told"),
        (2, "news", "test.told"),
        (3, "news", "test.told"),
    ]
    assert ['"title":"' + text in row.tail for text, row in zip("abc", drained.rows, strict=True)]
    assert positions() == [1, 2, 3]
    assert Log.objects.get().head == 3


def test_a_second_drain_goes_on_behind_the_first():
    tell("news", "a")
    drain()
    tell("news", "b")
    assert [row.position for row in drain().rows] == [2]
    assert drain().rows == []


def test_a_late_commit_gets_a_later_position_than_what_was_visible_before():
    begun, drained = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            publish_many([(Told(text="slow"), "news")])
            begun.set()
            assert drained.wait(30)

    def quick():
        assert begun.wait(30)
        if connection.vendor == "postgresql":  # SQLite has one writer at a time
            tell("news", "quick")
            assert [row.position for row in drain().rows] == [1]
        drained.set()

    in_threads(slow, quick)
    drain()
    rows = Event.objects.order_by("position").values_list("frame", flat=True)
    assert '"title":"slow"' in list(rows)[-1]


def test_one_drain_takes_a_bounded_number_of_rows():
    with transaction.atomic():
        publish_many((Told(), "news") for _ in range(MAX_ROWS + 1))
    first = drain()
    assert (len(first.rows), first.is_full) == (MAX_ROWS, True)
    second = drain()
    assert ([row.position for row in second.rows], second.is_full) == ([MAX_ROWS + 1], False)


def test_concurrent_writers_and_drains_leave_no_hole_and_number_nothing_twice():
    drained = []

    def write():
        for _ in range(15):
            tell("news", "a", "b")

    def number():
        for _ in range(25):
            drained.extend(row.position for row in drain().rows)

    in_threads(write, write, write, number, number, number)
    while rows := drain().rows:
        drained.extend(row.position for row in rows)
    assert sorted(drained) == list(range(1, 91))
    assert sorted(positions()) == list(range(1, 91))
    assert Log.objects.get().head == 90


def test_two_processes_that_start_at_once_make_one_log():
    in_threads(*[ensure_log] * 4)
    assert Log.objects.count() == 1


def test_a_new_epoch_keeps_the_positions_going():
    tell("news")
    before = drain().epoch
    renew_epoch()
    tell("news")
    after = drain()
    assert after.epoch != before
    assert [row.position for row in after.rows] == [2]


# Subscriptions


def intervals():
    rows = Subscription.objects.order_by("since", "topic")
    return list(rows.values_list("person", "topic", "since", "until"))


def test_a_subscription_begins_at_the_position_of_its_event():
    tell("open.1")
    change_subscriptions((subscribe, 7, "open.1"))
    assert intervals() == [], "it has no position yet"
    drain()
    assert intervals() == [("7", "open.1", 2, None)]


def test_unsubscribing_ends_the_interval_and_subscribing_again_opens_another():
    change_subscriptions((subscribe, 7, "open.1"))
    drain()
    change_subscriptions((unsubscribe, 7, "open.1"))
    drain()
    change_subscriptions((subscribe, 7, "open.1"))
    drain()
    assert intervals() == [("7", "open.1", 1, 2), ("7", "open.1", 3, None)]


def test_all_changes_of_one_drain_are_written_in_their_order():
    change_subscriptions(
        (subscribe, 7, "open.1"),
        (unsubscribe, 7, "open.1"),
        (subscribe, 7, "open.1"),
        (subscribe, 8, "open.1"),
        (subscribe, 7, "open.2"),
    )
    drain()
    assert intervals() == [
        ("7", "open.1", 1, 2),
        ("7", "open.1", 3, None),
        ("8", "open.1", 4, None),
        ("7", "open.2", 5, None),
    ]


def test_repeating_a_change_changes_nothing():
    change_subscriptions(
        (unsubscribe, 7, "open.1"), (subscribe, 7, "open.1"), (subscribe, 7, "open.1")
    )
    change_subscriptions((unsubscribe, 7, "open.1"), (unsubscribe, 7, "open.1"))
    drain()
    assert intervals() == [("7", "open.1", 2, 4)]


def test_a_rolled_back_change_leaves_no_subscription():
    with pytest.raises(LookupError), transaction.atomic():
        subscribe(7, "open.1")
        raise LookupError
    drain()
    assert intervals() == []
