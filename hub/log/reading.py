"""Reading the log. Every function here queries, and runs in the runtime's database threads.

It is read where it is written, whatever a router says of reads: a replica that lags shows an
earlier head, which would be taken for a restored database and sent everybody to a new log.
"""

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from django.db import connections, router
from django.db.models import Exists, QuerySet

from hub.log.numbering import Row, ensure_log
from hub.models import Event, Log

PAGE = 200  # rows of one read: 3 MiB of the largest frames, and copies of them while decoding

Bound = tuple[str, int, int]  # topic, since, until: since < position <= until


class State(msgspec.Struct, frozen=True):
    """Where the log stands. `waiting`: there are committed rows that nobody has numbered."""

    epoch: str
    head: int
    horizon: int
    waiting: bool


def state() -> State:
    """The log's present state; makes the log where there is none."""
    # One statement sees one moment: what it finds numbered is at or below the head. It is also
    # how every hello and every poll begins.
    unnumbered = _events().filter(position__isnull=True)
    found = _logs().filter(pk=1).annotate(waiting=Exists(unnumbered))
    while (row := found.values_list("epoch", "head", "horizon", "waiting").first()) is None:
        ensure_log()
    return State(*row)


def page(after: int, upto: int, limit: int = PAGE) -> list[Row]:
    """The rows with after < position <= upto, oldest first, at most `limit`."""
    rows = _events().filter(position__gt=after, position__lte=upto).order_by("position")
    return _read(rows[:limit])


def newest(upto: int, limit: int, max_bytes: int = 16 * 1024 * 1024) -> list[Row]:
    """The last rows up to a position, oldest first: at most `limit`, and no more than needed to
    fill so many bytes."""
    found: list[Row] = []
    size = 0
    while len(found) < limit and size < max_bytes:
        rows = _events().filter(position__lte=upto).order_by("-position")
        page = _read(rows[: min(PAGE, limit - len(found))])
        if not page:
            break
        found += page
        size += sum(len(row.tail) for row in page)
        upto = page[-1].position - 1
    return found[::-1]


def _events() -> QuerySet[Event]:
    return Event.objects.using(router.db_for_write(Event))


def _logs() -> QuerySet[Log]:
    return Log.objects.using(router.db_for_write(Log))


def _read(rows: QuerySet[Event]) -> list[Row]:
    values: Iterable[Any] = rows.values_list("position", "topic", "type", "frame")
    return [Row(*row) for row in values]


def due(bounds: Collection[Bound], limit: int) -> list[Row]:
    """The oldest rows within these bounds, merged over the topics, at most `limit`.

    Each topic is read along its own index and stops at the limit: one busy topic does not make
    the others slow, and `topic = ANY(…) ORDER BY position` would walk the whole log.
    """
    return [Row(*row) for row in _due(bounds, limit, "position, topic, type, frame")]


def is_more_due(bounds: Collection[Bound], limit: int) -> bool:
    """Whether more than `limit` rows are within these bounds. No frame is read for it."""
    return len(_due(bounds, limit + 1, "position")) > limit


def _due(bounds: Collection[Bound], limit: int, columns: str) -> list[Any]:
    if not bounds:
        return []
    connection = connections[router.db_for_write(Event)]
    query = DUE_POSTGRESQL if connection.vendor == "postgresql" else DUE_SQLITE
    encoded = msgspec.json.encode(bounds).decode()
    with connection.cursor() as cursor:
        cursor.execute(query.format(columns=columns), [encoded, limit, limit])
        return list(cursor.fetchall())


# Pairs are compared and sorted, not positions alone: for a rare topic among few, PostgreSQL would
# otherwise follow the position's index and walk the whole log.
DUE_POSTGRESQL = """
    SELECT DISTINCT {columns}
    FROM json_array_elements(%s::json) AS bound
    CROSS JOIN LATERAL (
        SELECT {columns} FROM hub_event
        WHERE (topic, position) > (bound ->> 0, (bound ->> 1)::bigint)
          AND (topic, position) <= (bound ->> 0, (bound ->> 2)::bigint)
        ORDER BY topic, position LIMIT %s
    ) AS found
    ORDER BY position LIMIT %s
"""

# SQLite has no LATERAL: the ids of each topic's oldest rows come from a correlated subquery.
DUE_SQLITE = """
    SELECT {columns} FROM hub_event
    WHERE id IN (
        SELECT one.value
        FROM json_each(%s) AS bound,
             json_each((
                SELECT json_group_array(id) FROM (
                    SELECT id FROM hub_event
                    WHERE topic = bound.value ->> 0
                      AND position > bound.value ->> 1 AND position <= bound.value ->> 2
                    ORDER BY position LIMIT %s
                )
             )) AS one
    )
    ORDER BY position LIMIT %s
"""


def due_since(bounds: Collection[Bound], limit: int) -> list[Row] | None:
    """As `due`; None where rows after the bounds' beginning may have been removed."""
    if not bounds:
        return []
    rows = due(bounds, limit)
    # The horizon second: rows are removed after it has moved.
    horizon = _logs().values_list("horizon", flat=True).get(pk=1)
    return None if horizon > min(since for _, since, _ in bounds) else rows
