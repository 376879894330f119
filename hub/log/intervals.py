"""Intervals: which user is subscribed to which topic, from which position to which.

The application publishes `subscription.changed` with its own change. The drain that numbers that
event writes the bound here in the same transaction, so open sockets, replay and inbox agree.

`topic.closed` ends every interval of a topic. There may be a hundred thousand, too many for the
drain. It writes one row, the topic's *end*: the open interval of nobody, from that position on.
Open intervals that began before the end count as closed there; the worker closes them in chunks,
and then the end itself.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
from django.db import connections, router
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from hub.events import data_of
from hub.log.row import Row
from hub.models import Subscription
from hub.publishing.control_events import SubscriptionChanged, TopicClosed
from hub.topics import user_of

NOBODY = ""  # the person of a topic's end
CHUNK = 1_000  # intervals that the worker closes with one statement

CLOSE_POSTGRESQL = """
    UPDATE hub_subscription SET until = (one ->> 1)::bigint
    FROM json_array_elements(%s::json) AS one
    WHERE hub_subscription.id = (one ->> 0)::bigint AND until IS NULL
"""
CLOSE_SQLITE = """
    UPDATE hub_subscription SET until = one.value ->> 1
    FROM json_each(%s) AS one
    WHERE hub_subscription.id = one.value ->> 0 AND until IS NULL
"""


def record_changes(rows: Iterable[Row]) -> None:
    """Write what the `subscription.changed` and `topic.closed` events among these rows change.

    The drain calls it under the log's lock, with the rows in the order of their positions. It
    takes a handful of statements, however many rows there are.
    """
    changes = [row for row in rows if row.type in (SubscriptionChanged.type, TopicClosed.type)]
    if changes:
        batch = _Batch(changes)
        for row in changes:
            batch.apply(row)
        batch.write()


class _Batch:
    """The intervals that a run of changes concerns, as they are and as they become."""

    def __init__(self, changes: Iterable[Row]) -> None:
        users, topics = {NOBODY}, set()
        for row in changes:
            if row.type == TopicClosed.type:
                topics.add(row.topic)
            else:
                users.add(str(user_of(row.topic)))
                topics.add(data_of(row.tail)["subject"])
        stored = Subscription.objects.filter(person__in=users, topic__in=topics, until__isnull=True)
        self._open = {(one.person, one.topic): one for one in stored}
        self._closed: list[Subscription] = []
        self._new: list[Subscription] = []

    def apply(self, row: Row) -> None:
        if row.type == TopicClosed.type:
            self._close(NOBODY, row.topic, row.position)  # the end of an earlier topic
            self._begin(NOBODY, row.topic, row.position)
            return
        user, change = str(user_of(row.topic)), data_of(row.tail)
        topic, end = change["subject"], self._open.get((NOBODY, change["subject"]))
        present = self._open.get((user, topic))
        if present is not None and end is not None and present.since < end.since:
            self._close(user, topic, end.since)
        if not change["on"]:
            self._close(user, topic, row.position)
        elif (user, topic) not in self._open:
            self._begin(user, topic, row.position)

    def _begin(self, user: str, topic: str, position: int) -> None:
        begun = Subscription(person=user, topic=topic, since=position)
        self._open[user, topic] = begun
        self._new.append(begun)

    def _close(self, user: str, topic: str, position: int) -> None:
        present = self._open.pop((user, topic), None)
        if present is not None:
            present.until = position
            self._closed.append(present)

    def write(self) -> None:
        # Closed before others begin: a user has one open interval of a topic.
        _close([(one.pk, one.until) for one in self._closed if one.pk is not None])
        Subscription.objects.bulk_create(self._new)


def _close(ends: Collection[tuple[int, int | None]]) -> None:
    if not ends:
        return
    connection = connections[router.db_for_write(Subscription)]
    statement = CLOSE_POSTGRESQL if connection.vendor == "postgresql" else CLOSE_SQLITE
    with connection.cursor() as cursor:
        cursor.execute(statement, [msgspec.json.encode(ends).decode()])


def close_ended_topics() -> bool:
    """The worker's part of `topic.closed`: close a chunk of intervals; whether there is more."""
    end = Subscription.objects.filter(person=NOBODY, until__isnull=True).first()
    if end is None:
        return False
    before = Subscription.objects.filter(topic=end.topic, until__isnull=True, since__lt=end.since)
    keys = list(before.values_list("pk", flat=True)[:CHUNK])
    _close([(key, end.since) for key in keys])
    if len(keys) < CHUNK:
        _close([(end.pk, end.since)])
    return True


def intervals_of(user: object, after: int) -> list[tuple[str, int, int | None]]:
    """(topic, since, until) of the user's subscriptions that reach beyond this position."""
    return intervals_of_users({str(user): after}).get(str(user), [])


def intervals_of_users(
    afters: Mapping[str, int],
) -> dict[str, list[tuple[str, int, int | None]]]:
    """As `intervals_of`, for users by their key as text, each with a position; one statement."""
    if not afters:
        return {}
    end = Subscription.objects.filter(
        person=NOBODY, topic=OuterRef("topic"), until__isnull=True, since__gt=OuterRef("since")
    )
    rows: Any = Subscription.objects.filter(person__in=list(afters))
    rows = rows.exclude(until__lte=min(afters.values()))
    rows = rows.annotate(end=Coalesce(F("until"), Subquery(end.values("since"))))
    found: dict[str, list[tuple[str, int, int | None]]] = {}
    for user, topic, since, until in rows.values_list("person", "topic", "since", "end"):
        if until is None or until > afters[user]:
            found.setdefault(user, []).append((topic, since, until))
    return found
