import datetime
import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hub import log
from hub.log.numbering import drain, ensure_log
from hub.models import Event, Log
from tests.hub.site import tell

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def write_rows(topics, start=1):
    """Numbered rows, one for each topic, without the work of publishing them."""
    at = timezone.now() - datetime.timedelta(minutes=1)
    rows = [
        Event(position=position, topic=topic, type="test.told", at=at, frame=f'"n":{position}}}')
        for position, topic in enumerate(topics, start=start)
    ]
    Event.objects.bulk_create(rows)
    ensure_log()
    Log.objects.update(head=start + len(rows) - 1)


def test_the_state_of_a_new_database_is_an_empty_log():
    state = log.state()
    assert (state.head, state.horizon, state.waiting) == (0, 0, False)
    assert state.epoch == log.state().epoch


def test_rows_that_nobody_numbered_are_waiting():
    tell("news")
    assert log.state().waiting
    drain()
    assert not log.state().waiting
    assert log.state().head == 1


class Replicas:
    """A router that sends every read to a replica; here, to one that is not even there."""

    def db_for_read(self, model, **hints):
        return "replica"

    def db_for_write(self, model, **hints):
        return "default"


def test_the_log_is_never_read_from_a_replica(settings):
    write_rows(["a"] * 3)
    settings.DATABASE_ROUTERS = [f"{__name__}.Replicas"]
    assert log.state().head == 3
    assert len(log.page(0, 3)) == len(log.newest(3, 9)) == 3
    assert len(log.due([("a", 0, 3)], 9)) == len(log.due_since([("a", 0, 3)], 9)) == 3
    assert log.is_more_due([("a", 0, 3)], 2)


def test_a_page_and_the_newest_are_read_oldest_first():
    write_rows(["a"] * 10)
    assert [row.position for row in log.page(3, 8)] == [4, 5, 6, 7, 8]
    assert [row.position for row in log.page(3, 8, limit=2)] == [4, 5]
    assert [row.position for row in log.newest(8, limit=3)] == [6, 7, 8]


def test_the_newest_are_read_until_they_fill_the_ring():
    write_rows(["a"] * 450)
    assert [row.position for row in log.newest(450, 1_000)] == list(range(1, 451))
    a_page = log.newest(450, 1_000, max_bytes=10)
    assert [row.position for row in a_page] == list(range(451 - log.PAGE, 451))


def test_unnumbered_rows_are_never_read():
    write_rows(["news"])
    tell("news")
    assert [row.position for row in log.page(0, 99)] == [1]
    assert [row.position for row in log.newest(99, 9)] == [1]
    assert [row.position for row in log.due([("news", 0, 99)], 9)] == [1]


def test_nothing_is_due_to_who_hears_nothing():
    assert log.due([], 10) == []


def test_what_is_due_is_what_a_plain_filter_would_find():
    chance = random.Random(7)
    topics = [f"t.{chance.randrange(12)}" for _ in range(300)]
    write_rows(topics)
    for _ in range(60):
        bounds = [
            (f"t.{chance.randrange(14)}", chance.randrange(320), chance.randrange(320))
            for _ in range(chance.randrange(1, 9))
        ]
        limit = chance.choice([1, 5, 50, 500])
        expected = [
            position
            for position, topic in enumerate(topics, start=1)
            if any(topic == one and since < position <= upto for one, since, upto in bounds)
        ]
        found = log.due(bounds, limit)
        assert [row.position for row in found] == expected[:limit]
        assert log.is_more_due(bounds, limit) == (len(expected) > limit)
        assert all(row.topic == topics[row.position - 1] for row in found)


def test_a_person_may_watch_a_thousand_topics_in_one_statement():
    topics = [f"product.{n}" for n in range(1_000)]
    write_rows(topics)
    with CaptureQueriesContext(connection) as queries:
        found = log.due([(topic, 10, 1_000) for topic in topics], 2_000)
    assert [row.position for row in found] == list(range(11, 1_001))
    assert len(queries) == 1


def test_due_since_is_none_where_rows_may_have_been_removed():
    write_rows(["a"] * 10)
    assert len(log.due_since([("a", 4, 10)], 99)) == 6
    Log.objects.update(horizon=5)
    assert log.due_since([("a", 4, 10)], 99) is None
    assert len(log.due_since([("a", 5, 10)], 99)) == 5
