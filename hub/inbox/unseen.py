"""The newest events of a user, found by one statement: for the badge on every page.

Everything that decides about them is a row (subscriptions, marks, overrides, preferences, mutes),
except for the policy, which is asked about the topics of what was found. So most pages of most
users cost one statement.
"""

from collections.abc import Collection
from typing import Any

import msgspec
from django.db import connections, router

from hub.inbox.preferences import hidden_types, security_types
from hub.log.by_topic import SHOWN_IN_SQLITE
from hub.models import Event, Subscription
from hub.models.log import MAX_POSITION
from hub.policy import Policy
from hub.topics import user_topic

COUNTED = 100  # events; counts stop here, and a badge shows "99+"
MAX_INTERVALS = 5_000  # of one user that are read; the oldest ended ones are left out beyond that
ROWS_PER_TOPIC = 500  # the newest ones after the watermark; older ones are not looked at


def count_unseen(user: Any, policy: Policy) -> int:
    """The number of events that the user has not seen, at most COUNTED.

    Of each topic the newest ROWS_PER_TOPIC events after the newest mark are looked at.
    """
    topics = _topics(user.pk, COUNTED)
    refused = policy.refusals(user, set(topics)) if topics else {}
    if refused:
        # Rare: a right was lost without an event. Others may have been beyond the limit.
        every = {user_topic(user.pk), *_subscribed_topics(user.pk)}
        topics = _topics(user.pk, COUNTED, without=policy.refusals(user, every))
    return len(topics)


def has_any(user: object, after: int, upto: int, *, seen: bool) -> bool:
    """Whether the user received an event with after < position <= upto, before any policy.

    `user` is a primary key. `seen` False leaves out events with an override, which have all been
    seen.
    """
    return bool(_topics(user, 1, after=after, upto=upto, seen=seen))


def _topics(
    user: object,
    limit: int,
    *,
    without: Collection[str] = (),
    after: int | None = None,
    upto: int = MAX_POSITION,
    seen: bool = False,
) -> list[str]:
    """The topics of the newest events, one for each event."""
    connection = connections[router.db_for_read(Event)]
    statement = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    values = {
        "user": str(user),
        "own": user_topic(user),
        "after": after,
        "upto": upto,
        "seen": seen,
        "hidden": msgspec.json.encode(sorted(hidden_types())).decode(),
        "security": msgspec.json.encode(sorted(security_types())).decode(),
        "without": msgspec.json.encode(sorted(without)).decode(),
        "intervals": MAX_INTERVALS,
        "rows": ROWS_PER_TOPIC,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [topic for _, topic in cursor.fetchall()]


def _subscribed_topics(user: object) -> set[str]:
    rows = Subscription.objects.filter(person=str(user))
    return set(rows.values_list("topic", flat=True).distinct())


# {newest} finds the newest positions of a span along the index of shown events, which differs
# between the databases. The filters after it look at no more rows than that.
STATEMENT = """
    WITH start AS (
        SELECT coalesce((SELECT horizon FROM hub_log), 0) AS horizon, coalesce(
            CAST(%(after)s AS bigint),
            (SELECT max(upto) FROM hub_inboxmark WHERE person = %(user)s),
            0
        ) AS mark
    ),
    span AS (
        SELECT %(own)s AS topic, 0 AS since, CAST(%(upto)s AS bigint) AS until
        UNION ALL
        SELECT * FROM (
            SELECT topic, since, coalesce(until, %(upto)s)
            FROM hub_subscription AS subscription, start
            WHERE person = %(user)s AND (until IS NULL OR until > mark)
            ORDER BY until DESC NULLS FIRST LIMIT %(intervals)s
        ) AS subscribed
    )
    SELECT DISTINCT found.position, found.topic FROM span CROSS JOIN start {newest}
    WHERE found.type NOT IN (SELECT value FROM {hidden})
      AND found.topic NOT IN (SELECT value FROM {without})
      AND (%(seen)s OR NOT EXISTS (
          SELECT 1 FROM hub_inboxexception
          WHERE person = %(user)s AND position = found.position
      ))
      AND NOT EXISTS (
          SELECT 1 FROM hub_mute
          WHERE person = %(user)s AND topic IN ('', found.topic) AND type IN ('', found.type)
            AND since < found.position
            AND type NOT IN (SELECT value FROM {security})
      )
      AND NOT EXISTS (
          SELECT 1 FROM hub_preference
          WHERE person = %(user)s AND type = found.type AND means = 'inbox' AND NOT wanted
            AND type NOT IN (SELECT value FROM {security})
      )
    ORDER BY found.position DESC LIMIT %(limit)s
"""

# Pairs are compared and sorted for the reason that `hub.log.by_topic` has.
POSTGRESQL = STATEMENT.format(
    newest="""CROSS JOIN LATERAL (
        SELECT position, topic, type FROM hub_event
        WHERE shown
          AND (topic, position) > (span.topic, greatest(since, mark, horizon))
          AND (topic, position) <= (span.topic, least(until, %(upto)s))
        ORDER BY topic DESC, position DESC LIMIT %(rows)s
    ) AS found""",
    hidden="json_array_elements_text(%(hidden)s::json)",
    without="json_array_elements_text(%(without)s::json)",
    security="json_array_elements_text(%(security)s::json)",
)

# SQLite has no LATERAL: each span's positions come from a correlated subquery.
SQLITE = STATEMENT.format(
    newest=f"""CROSS JOIN json_each((
        SELECT json_group_array(position) FROM (
            SELECT position FROM hub_event
            WHERE {SHOWN_IN_SQLITE} AND topic = span.topic
              AND position > max(since, mark, horizon) AND position <= min(until, %(upto)s)
            ORDER BY position DESC LIMIT %(rows)s
        )
    )) AS newest JOIN hub_event AS found ON found.position = newest.value""",
    hidden="json_each(%(hidden)s)",
    without="json_each(%(without)s)",
    security="json_each(%(security)s)",
)
