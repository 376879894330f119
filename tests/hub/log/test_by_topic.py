"""Reading the log along topics."""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub import log
from hub.log import by_topic
from hub.models import Log
from tests.hub.log.rows import write_rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def test_without_bounds_nothing_is_due():
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


def test_a_thousand_topics_are_read_in_one_statement():
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


@pytest.mark.parametrize(
    ("order", "index"),
    [
        (by_topic.OLDEST_FIRST, "hub_event_topic_position"),
        (by_topic.NEWEST_FIRST, "hub_event_shown"),
    ],
)
def test_rows_are_read_along_the_topics_index(order, index):
    write_rows(["a", "b"] * 3_000)
    statement = by_topic.rows_statement(connection.vendor, order)
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE hub_event")
        cursor.execute(f"{explain} {statement}", ['[["a",0,6000,[]]]', "[]", 20, 20])
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert index in plan
    assert "Seq Scan" not in plan
    assert "SCAN hub_event" not in plan
