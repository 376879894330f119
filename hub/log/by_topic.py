"""Reading the log newest first, along a person's topics.

Each topic is read along its own index and stops at the limit, so the cost does not depend on the
length of the log. Only positions are merged; frames are fetched for those that remain.
"""

from collections.abc import Collection, Sequence

import msgspec
from django.db import connections, router

from hub.log.numbering import Row
from hub.models import Event

# topic, since, until: since < position <= until; and types that are left out on this topic
Span = tuple[str, int, int, list[str]]


def newest(spans: Sequence[Span], without: Collection[str], limit: int) -> list[Row]:
    """The newest rows within these spans, at most `limit`, without these types."""
    spans = [span for span in spans if span[1] < span[2]]
    if not spans:
        return []
    connection = connections[router.db_for_read(Event)]
    statement = NEWEST_POSTGRESQL if connection.vendor == "postgresql" else NEWEST_SQLITE
    texts = [msgspec.json.encode(value).decode() for value in (spans, sorted(without))]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*texts, limit, limit])
        return [Row(*row) for row in cursor.fetchall()]


# Whole pairs are compared and sorted. With `topic = …`, the sort by position alone would do, and
# the planner, which cannot know how rare a topic is, walks the whole log along the positions.
NEWEST_POSTGRESQL = """
    WITH newest AS (
        SELECT DISTINCT found.position
        FROM json_array_elements(%s::json) AS span
        CROSS JOIN LATERAL (
            SELECT position FROM hub_event
            WHERE (topic, position) > (span ->> 0, (span ->> 1)::bigint)
              AND (topic, position) <= (span ->> 0, (span ->> 2)::bigint)
              AND NOT %s::jsonb ? type AND NOT (span -> 3)::jsonb ? type
            ORDER BY topic DESC, position DESC LIMIT %s
        ) AS found
        ORDER BY found.position DESC LIMIT %s
    )
    SELECT position, topic, type, frame FROM newest JOIN hub_event USING (position)
    ORDER BY position DESC
"""

# SQLite has no LATERAL: each topic's newest positions come from a correlated subquery.
NEWEST_SQLITE = """
    SELECT position, topic, type, frame FROM hub_event
    WHERE position IN (
        SELECT DISTINCT one.value
        FROM json_each(%s) AS span,
             json_each((
                SELECT json_group_array(position) FROM (
                    SELECT position FROM hub_event
                    WHERE topic = span.value ->> 0
                      AND position > span.value ->> 1 AND position <= span.value ->> 2
                      AND type NOT IN (SELECT value FROM json_each(%s))
                      AND type NOT IN (SELECT value FROM json_each(span.value -> 3))
                    ORDER BY position DESC LIMIT %s
                )
             )) AS one
        ORDER BY one.value DESC LIMIT %s
    )
    ORDER BY position DESC
"""
