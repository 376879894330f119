"""Reading the log along topics, oldest or newest first.

Each topic is read along its own index and stops at the limit, so the cost depends neither on the
length of the log nor on one busy topic. Only positions are merged over the topics; frames are
read for those that remain.
"""

from collections.abc import Collection, Iterable

import msgspec
from django.db import connections, router

from hub.log.readable import read_row
from hub.log.row import Row
from hub.models import Event, Log

Bound = tuple[str, int, int]  # topic, since, until: since < position <= until
Span = tuple[str, int, int, list[str]]  # a bound, and the types that are left out within it

# SQLite uses a partial index only for its own words: Django 6.1 wrote `shown = 1`, earlier versions
# `shown`. PostgreSQL knows that both are the same.
SHOWN_IN_SQLITE = "shown AND shown = 1"

OLDEST_FIRST = "ASC"  # every row, for clients that catch up
NEWEST_FIRST = "DESC"  # those that inboxes show


def newest(spans: Iterable[Span], without: Collection[str], limit: int) -> list[Row]:
    """The newest shown rows within these spans, at most `limit`, without these types."""
    using = router.db_for_read(Event)
    statement = rows_statement(connections[using].vendor, NEWEST_FIRST)
    return [read_row(*row) for row in _execute(using, statement, spans, without, limit)]


def due(bounds: Iterable[Bound], limit: int) -> list[Row]:
    """The oldest rows within these bounds, merged over the topics, at most `limit`."""
    using = router.db_for_write(Event)
    statement = rows_statement(connections[using].vendor, OLDEST_FIRST)
    return [read_row(*row) for row in _execute(using, statement, _spans(bounds), (), limit)]


def due_since(bounds: Collection[Bound], limit: int) -> list[Row] | None:
    """As `due`; None where rows after the bounds' beginning may have been removed."""
    if not bounds:
        return []
    rows = due(bounds, limit)
    # The horizon second: rows are removed after it has moved.
    logs = Log.objects.using(router.db_for_write(Log))
    horizon = logs.values_list("horizon", flat=True).get(pk=1)
    return None if horizon > min(since for _, since, _ in bounds) else rows


def is_more_due(bounds: Iterable[Bound], limit: int) -> bool:
    """Whether more than `limit` rows are within these bounds. No frame is read for it."""
    using = router.db_for_write(Event)
    statement = _positions_statement(connections[using].vendor, OLDEST_FIRST)
    return len(_execute(using, statement, _spans(bounds), (), limit + 1)) > limit


def _spans(bounds: Iterable[Bound]) -> list[Span]:
    return [(topic, since, until, []) for topic, since, until in bounds]


def _execute(
    using: str, statement: str, spans: Iterable[Span], without: Collection[str], limit: int
) -> list[tuple[int, str, str, str]]:
    spans = [span for span in spans if span[1] < span[2]]
    if not spans:
        return []
    texts = [msgspec.json.encode(value).decode() for value in (spans, sorted(without))]
    with connections[using].cursor() as cursor:
        cursor.execute(statement, [*texts, limit, limit])
        return list(cursor.fetchall())


def rows_statement(vendor: str, order: str) -> str:
    """The rows in this order. Parameters: spans and left-out types as JSON, and the limit twice."""
    return f"""
        SELECT position, topic, type, frame FROM hub_event
        WHERE position IN ({_positions_statement(vendor, order)})
        ORDER BY position {order}
    """


def _positions_statement(vendor: str, order: str) -> str:
    is_postgresql = vendor == "postgresql"
    template = POSITIONS_POSTGRESQL if is_postgresql else POSITIONS_SQLITE
    shown = "shown" if is_postgresql else SHOWN_IN_SQLITE
    return template.format(order=order, shown=f"AND {shown}" if order == NEWEST_FIRST else "")


# DISTINCT because spans may overlap, on positions alone: frames would be sorted whole.
# Whole pairs are compared and sorted. With `topic = …`, the sort by position alone would do, and
# the planner, which cannot know how rare a topic is, walks the whole log along the positions.
POSITIONS_POSTGRESQL = """
    SELECT DISTINCT found.position
    FROM json_array_elements(%s::json) AS span
    CROSS JOIN LATERAL (
        SELECT position FROM hub_event
        WHERE (topic, position) > (span ->> 0, (span ->> 1)::bigint)
          AND (topic, position) <= (span ->> 0, (span ->> 2)::bigint) {shown}
          AND NOT %s::jsonb ? type AND NOT (span -> 3)::jsonb ? type
        ORDER BY topic {order}, position {order} LIMIT %s
    ) AS found
    ORDER BY found.position {order} LIMIT %s
"""

# SQLite has no LATERAL: each topic's positions come from a correlated subquery.
POSITIONS_SQLITE = """
    SELECT DISTINCT found.value
    FROM json_each(%s) AS span,
         json_each((
            SELECT json_group_array(position) FROM (
                SELECT position FROM hub_event
                WHERE topic = span.value ->> 0
                  AND position > span.value ->> 1 AND position <= span.value ->> 2 {shown}
                  AND type NOT IN (SELECT value FROM json_each(%s))
                  AND type NOT IN (SELECT value FROM json_each(span.value -> 3))
                ORDER BY position {order} LIMIT %s
            )
         )) AS found
    ORDER BY found.value {order} LIMIT %s
"""
