"""The planner: follows the log and makes the deliveries of its events.

A page is one transaction that locks the worker's row: the deliveries and the position reached are
committed together. So each event is planned exactly once, even if the worker dies.
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

PAGE_EVENTS = 500  # events read from the log at once
PAGE_RECIPIENTS = 500  # recipients whose deliveries are made in one transaction


class Recipient(msgspec.Struct, frozen=True):
    """An event, and one user who is to get it."""

    position: int
    topic: str
    type: str
    at: datetime.datetime
    user: str


def plan(lease: Lease, means: list[Means]) -> bool:
    """Make one page of deliveries; return whether there is more to plan. Raises LeaseLost."""
    with transaction.atomic(using=router.db_for_write(Delivery)):
        worker = lease.hold()
        rows: Iterable[Any] = (
            Event.objects.filter(position__gt=worker.position)
            .order_by("position")
            .values_list("position", "topic", "type", "at")[:PAGE_EVENTS]
        )
        rows = list(rows)
        if not rows:
            return False
        means_by_type = carried(means)
        is_all, recipients = _advance(worker, rows, means_by_type)
        deliveries = list(_deliveries(recipients, means_by_type))
        # Conflicts can only occur after the worker's row was restored from a backup.
        Delivery.objects.bulk_create(deliveries, batch_size=PAGE_RECIPIENTS, ignore_conflicts=True)
        worker.save(update_fields=["position", "page"])
        return not is_all or len(rows) == PAGE_EVENTS


def _advance(
    worker: Worker, rows: Iterable[Any], means_by_type: dict[str, Any]
) -> tuple[bool, list[Recipient]]:
    """Move the worker's position over the rows, by PAGE_RECIPIENTS at most.

    Return whether that covered all rows, and the recipients.
    """
    found: list[Recipient] = []
    for position, topic, type, at in rows:
        if type in means_by_type:
            if len(found) >= PAGE_RECIPIENTS:
                return False, found
            room = PAGE_RECIPIENTS - len(found)
            users, resume_after = _users(topic, position, worker.page, room)
            found.extend(Recipient(position, topic, type, at, user) for user in users)
            if resume_after is not None:
                worker.page = resume_after
                return False, found
        worker.position, worker.page = position, 0
    return True, found


def _users(topic: str, position: int, after: int, limit: int) -> tuple[list[str], int | None]:
    """Users who are to get an event, from subscriptions behind the key `after`.

    Also return the key after which to go on, or None if there are no more.
    """
    own = user_of(topic)
    if own is not None:
        return [own], None
    standing = Q(until__isnull=True) | Q(until__gte=position)
    subscriptions = Subscription.objects.filter(
        standing, topic=topic, since__lt=position, pk__gt=after
    )
    rows = list(subscriptions.order_by("pk").values_list("pk", "person")[:limit])
    return [user for _, user in rows], rows[-1][0] if len(rows) == limit else None


def _deliveries(
    recipients: list[Recipient], means_by_type: dict[str, list[Means]]
) -> Iterable[Delivery]:
    """One delivery per recipient and means that the recipient wants, in the log's order."""
    for means, chosen in _by_means(recipients, means_by_type).items():
        for one in chosen:
            yield Delivery(
                position=one.position,
                type=one.type,
                person=one.user,
                means=means,
                due_at=one.at + datetime.timedelta(seconds=grace_of(one.type)),
                reference=secrets.token_hex(16),
            )


def _by_means(
    recipients: list[Recipient], means_by_type: dict[str, list[Means]]
) -> dict[str, list[Recipient]]:
    """The recipients that want their event by each means.

    Preferences are read for all users of a topic at once. Users' own topics have one user each;
    they are read together.
    """
    groups: dict[tuple[str, str | None], list[Recipient]] = {}
    for one in recipients:
        shared_topic = one.topic if user_of(one.topic) is None else None
        groups.setdefault((one.type, shared_topic), []).append(one)
    chosen: dict[str, list[Recipient]] = {}
    for (type, topic), group in groups.items():
        users = {one.user for one in group}
        for means in means_by_type[type]:
            wanting = wants(users, type, means.preference, topic)
            chosen.setdefault(means.name, []).extend(one for one in group if one.user in wanting)
    for group in chosen.values():
        group.sort(key=lambda one: one.position)
    return chosen
