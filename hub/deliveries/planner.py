"""The planner: follows the log and makes the deliveries that its events are due.

A page is one transaction under the worker's row: deliveries and the place reached are committed
together, so an event is planned exactly once, whenever the worker dies.
"""

import datetime
import secrets
from collections.abc import Iterable
from typing import Any

import msgspec
from django.db import router, transaction
from django.db.models import Q

from hub.deliveries.lease import Lease
from hub.deliveries.means import Means, carried, grace_of
from hub.inbox.preferences import wants
from hub.models import Delivery, Event, Subscription, Worker
from hub.topics import user_of

EVENTS = 500  # read from the log at once
PAGE = 500  # people whose deliveries are made in one transaction


class Due(msgspec.Struct, frozen=True):
    """An event that one person is due."""

    position: int
    topic: str
    type: str
    at: datetime.datetime
    person: str


def plan(lease: Lease, means: list[Means]) -> bool:
    """Make one page of deliveries; whether there is more to plan at once. Raises LeaseLost."""
    with transaction.atomic(using=router.db_for_write(Delivery)):
        worker = lease.hold()
        rows: Iterable[Any] = (
            Event.objects.filter(position__gt=worker.position)
            .order_by("position")
            .values_list("position", "topic", "type", "at")[:EVENTS]
        )
        rows = list(rows)
        if not rows:
            return False
        ways = carried(means)
        is_all, found = _advance(worker, rows, ways)
        deliveries = list(_deliveries(found, ways))
        # The constraint is the second line of defence, for a worker's row that was restored.
        Delivery.objects.bulk_create(deliveries, batch_size=PAGE, ignore_conflicts=True)
        worker.save(update_fields=["position", "page"])
        return not is_all or len(rows) == EVENTS


def _advance(worker: Worker, rows: Iterable[Any], ways: dict[str, Any]) -> tuple[bool, list[Due]]:
    """Move the worker's place over the rows, a page of people at most; whether all were done."""
    found: list[Due] = []
    for position, topic, type, at in rows:
        if type in ways:
            if len(found) >= PAGE:
                return False, found
            people, more = _people(topic, position, worker.page, PAGE - len(found))
            found.extend(Due(position, topic, type, at, person) for person in people)
            if more is not None:
                worker.page = more
                return False, found
        worker.position, worker.page = position, 0
    return True, found


def _people(topic: str, position: int, after: int, limit: int) -> tuple[list[str], int | None]:
    """Who is due an event, from this subscription on; and where to go on if that is not all."""
    own = user_of(topic)
    if own is not None:
        return [own], None
    standing = Q(until__isnull=True) | Q(until__gte=position)
    subscriptions = Subscription.objects.filter(
        standing, topic=topic, since__lt=position, pk__gt=after
    )
    rows = list(subscriptions.order_by("pk").values_list("pk", "person")[:limit])
    return [person for _, person in rows], rows[-1][0] if len(rows) == limit else None


def _deliveries(found: list[Due], ways: dict[str, list[Means]]) -> Iterable[Delivery]:
    """One for each who wants it by each means, in the log's order."""
    for means, wanted in _wanted(found, ways).items():
        for due in wanted:
            yield Delivery(
                position=due.position,
                type=due.type,
                person=due.person,
                means=means,
                due_at=due.at + datetime.timedelta(seconds=grace_of(due.type)),
                reference=secrets.token_hex(16),
            )


def _wanted(found: list[Due], ways: dict[str, list[Means]]) -> dict[str, list[Due]]:
    """Asked for all people of a topic at once; own topics, of one person each, together."""
    groups: dict[tuple[str, str | None], list[Due]] = {}
    for due in found:
        shared = due.topic if user_of(due.topic) is None else None
        groups.setdefault((due.type, shared), []).append(due)
    wanted: dict[str, list[Due]] = {}
    for (type, topic), dues in groups.items():
        people = {due.person for due in dues}
        for means in ways[type]:
            willing = wants(people, type, means.preference, topic)
            chosen = [due for due in dues if due.person in willing]
            wanted.setdefault(means.name, []).extend(chosen)
    for dues in wanted.values():
        dues.sort(key=lambda due: due.position)
    return wanted
