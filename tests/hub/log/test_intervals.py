"""Subscriptions of many users at once, and topics that are closed."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hub import close_topic, revoke_many, subscribe, subscribe_many, unsubscribe, unsubscribe_many
from hub.events import data_of
from hub.log import intervals as intervals_module
from hub.log.intervals import NOBODY, close_ended_topics, intervals_of
from hub.models import Event, Subscription
from tests.hub.site import change_subscriptions, tell
from tests.numbering import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

FEW = 15  # statements of a transaction; SQLite inserts a hundred rows with each


def commit(work, *arguments):
    """Run `work` in a transaction; the statements that it took."""
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        work(*arguments)
    return len(captured)


def number():
    """Drain once; the statements that it took."""
    with CaptureQueriesContext(connection) as captured:
        drain()
    return len(captured)


def stored(topic):
    rows = Subscription.objects.filter(topic=topic).exclude(person=NOBODY).order_by("pk")
    return list(rows.values_list("person", "since", "until"))


def work_off():
    steps = 0
    while close_ended_topics():
        steps += 1
    return steps


def test_many_users_are_subscribed_and_unsubscribed_with_few_statements():
    users = range(1, 301)
    assert commit(subscribe_many, users, "open.1") <= FEW
    assert number() <= FEW
    assert stored("open.1") == [(str(user), user, None) for user in users]
    assert commit(unsubscribe_many, users, "open.1") <= FEW
    assert number() <= FEW
    assert stored("open.1") == [(str(user), user, 300 + user) for user in users]


def test_many_users_are_revoked_with_few_statements():
    assert commit(revoke_many, range(1, 301), "permissions") <= FEW
    revoked = Event.objects.filter(type="rights.revoked").order_by("pk")
    assert [one.topic for one in revoked] == [f"user.{user}" for user in range(1, 301)]
    assert {data_of(one.frame)["reason"] for one in revoked} == {"permissions"}


def test_a_reason_that_does_not_exist_is_refused_for_many_users_too():
    with pytest.raises(ValueError, match="reason is one of"):
        commit(revoke_many, [1, 2], "weather")


def test_closing_a_topic_is_one_event_and_few_statements_however_many_are_subscribed():
    rows = [Subscription(person=str(user), topic="open.1", since=0) for user in range(5_000)]
    Subscription.objects.bulk_create(rows)
    assert commit(close_topic, "open.1") <= FEW
    assert number() <= FEW
    assert Event.objects.filter(type="topic.closed").count() == 1


def test_every_interval_of_a_closed_topic_ends_at_its_event_at_once():
    change_subscriptions((subscribe, 7, "open.1"), (subscribe, 7, "open.2"))
    drain()
    commit(close_topic, "open.1")
    drain()
    assert sorted(intervals_of(7, after=0)) == [("open.1", 1, 3), ("open.2", 2, None)]
    assert intervals_of(7, after=3) == [("open.2", 2, None)]


def test_the_worker_closes_the_intervals_in_chunks_and_then_has_nothing_to_do(monkeypatch):
    monkeypatch.setattr(intervals_module, "CHUNK", 2)
    commit(subscribe_many, range(5), "open.1")
    commit(subscribe_many, range(5), "open.2")
    drain()
    commit(close_topic, "open.1")
    drain()
    assert work_off() == 3
    assert [until for _, _, until in stored("open.1")] == [11] * 5
    assert [until for _, _, until in stored("open.2")] == [None] * 5
    assert not close_ended_topics()


@pytest.mark.parametrize("when", ["in the same drain", "before the worker", "after the worker"])
def test_a_topic_that_was_closed_can_be_subscribed_to_anew(when):
    change_subscriptions((subscribe, 7, "open.1"))
    drain()
    commit(close_topic, "open.1")
    if when != "in the same drain":
        drain()
    if when == "after the worker":
        work_off()
    change_subscriptions((subscribe, 7, "open.1"))
    drain()
    assert sorted(intervals_of(7, after=0)) == [("open.1", 1, 2), ("open.1", 3, None)]
    work_off()
    assert stored("open.1") == [("7", 1, 2), ("7", 3, None)]


def test_unsubscribing_from_a_closed_topic_does_not_prolong_the_interval():
    change_subscriptions((subscribe, 7, "open.1"))
    drain()
    commit(close_topic, "open.1")
    drain()
    tell("open.1")
    change_subscriptions((unsubscribe, 7, "open.1"))
    drain()
    assert stored("open.1") == [("7", 1, 2)]
