"""The planner: follows the log and makes the deliveries of its events.

It goes through the log twice, with a position each: once for events on users' own topics, which
have one recipient each, and once for all others. So the email of an order need not wait until a
campaign is planned.

A page is one transaction that locks the worker's row: the deliveries and the positions reached are
committed together. So each event is planned exactly once, even if the worker dies.
"""

import datetime
import secrets
from collections.abc import Iterable
from typing import Any

import msgspec
from django.db import router, transaction
from django.db.models import Q
from django.utils import timezone

from hub.deliveries.lease import Lease
from hub.deliveries.means import Means, carried, grace_of, is_bulk
from hub.inbox.preferences import wants
from hub.log.intervals import NOBODY
from hub.models import Delivery, Event, Log, Subscription, Worker
from hub.topics import user_of

PAGE_EVENTS = 500  # events read from the log at once
PAGE_RECIPIENTS = 500  # recipients of one pass whose deliveries are made in one transaction

MeansByType = dict[str, list[Means]]


class LoggedEvent(msgspec.Struct, frozen=True):
    """What the planner reads of an event. `user` is set if the topic is a user's own."""

    position: int
    topic: str
    type: str
    at: datetime.datetime

    @property
    def user(self) -> str | None:
        return user_of(self.topic)


class Recipient(msgspec.Struct, frozen=True):
    """An event, and one user who is to get it. `is_one_of_many`: more than a page of users are."""

    event: LoggedEvent
    user: str
    is_one_of_many: bool = False


class Lag(msgspec.Struct, frozen=True):
    """How far the planner is behind the log: by how many events, and the age of the oldest."""

    events: int
    seconds: float


def lag() -> Lag:
    worker = Worker.objects.filter(pk=1).first() or Worker()
    planned = min(worker.position, worker.own_position)
    rows = Event.objects.filter(position__gt=planned).order_by("position")
    oldest = rows.values_list("at", flat=True).first()
    if oldest is None:
        return Lag(0, 0.0)
    head = Log.objects.values_list("head", flat=True).get(pk=1)
    return Lag(head - planned, max(0.0, (timezone.now() - oldest).total_seconds()))


def plan(lease: Lease, means: list[Means]) -> bool:
    """Make one page of deliveries; return whether there is more to plan. Raises LeaseLost."""
    with transaction.atomic(using=router.db_for_write(Delivery)):
        worker = lease.hold()
        means_by_type = carried(means)
        own, is_more_of_own = _pass_own(worker, means_by_type)
        shared, is_more_of_shared = _pass_shared(worker, means_by_type)
        deliveries = list(_deliveries([*own, *shared], means_by_type))
        # Conflicts can only occur after the worker's row was restored from a backup.
        Delivery.objects.bulk_create(deliveries, batch_size=PAGE_RECIPIENTS, ignore_conflicts=True)
        worker.save(update_fields=["position", "own_position", "page"])
        return is_more_of_own or is_more_of_shared


def _events_after(position: int) -> list[LoggedEvent]:
    rows = Event.objects.filter(position__gt=position).order_by("position")
    columns: Iterable[Any] = rows.values_list("position", "topic", "type", "at")[:PAGE_EVENTS]
    return [LoggedEvent(*row) for row in columns]


def _pass_own(worker: Worker, means_by_type: MeansByType) -> tuple[list[Recipient], bool]:
    """Move `own_position` over a page of events; return recipients, and whether there is more."""
    events = _events_after(worker.own_position)
    if events:
        worker.own_position = events[-1].position
    recipients = [
        Recipient(event, event.user)
        for event in events
        if event.user is not None and event.type in means_by_type
    ]
    return recipients, len(events) == PAGE_EVENTS


def _pass_shared(worker: Worker, means_by_type: MeansByType) -> tuple[list[Recipient], bool]:
    """Move `position` and `page` over a page of recipients; return them and if there is more.

    An event with more recipients than fit begins on a page of its own, so that one that fills it
    is known to have many.
    """
    events = _events_after(worker.position)
    found: list[Recipient] = []
    for event in events:
        if event.user is None and event.type in means_by_type:
            users, resume_after = _users(event, worker.page, PAGE_RECIPIENTS - len(found))
            if resume_after is not None and found:
                return found, True
            is_one_of_many = resume_after is not None or worker.page > 0
            found.extend(Recipient(event, user, is_one_of_many) for user in users)
            if resume_after is not None:
                worker.page = resume_after
                return found, True
        worker.position, worker.page = event.position, 0
    return found, len(events) == PAGE_EVENTS


def _users(event: LoggedEvent, after: int, limit: int) -> tuple[list[str], int | None]:
    """Users who are to get an event, from subscriptions behind the key `after`.

    Also return the key after which to go on, or None if there are no more.
    """
    standing = Q(until__isnull=True) | Q(until__gte=event.position)
    subscriptions = Subscription.objects.filter(
        standing, topic=event.topic, since__lt=event.position, pk__gt=after
    ).exclude(person=NOBODY)
    rows = list(subscriptions.order_by("pk").values_list("pk", "person")[:limit])
    return [user for _, user in rows], rows[-1][0] if rows and len(rows) == limit else None


def _deliveries(recipients: list[Recipient], means_by_type: MeansByType) -> Iterable[Delivery]:
    """One delivery per recipient and means that the recipient wants, in the log's order."""
    now = timezone.now()  # an event may have been stamped by a clock that was ahead
    for means, chosen in _by_means(recipients, means_by_type).items():
        for one in chosen:
            event = one.event
            is_last = is_bulk(event.type, one.is_one_of_many)
            yield Delivery(
                position=event.position,
                type=event.type,
                person=one.user,
                means=means,
                lane=Delivery.Lane.BULK if is_last else Delivery.Lane.PERSONAL,
                due_at=min(event.at, now) + datetime.timedelta(seconds=grace_of(event.type)),
                reference=secrets.token_hex(16),
            )


def _by_means(
    recipients: list[Recipient], means_by_type: MeansByType
) -> dict[str, list[Recipient]]:
    """The recipients that want their event by each means.

    Preferences are read for all users of a topic at once. Users' own topics have one user each;
    they are read together.
    """
    groups: dict[tuple[str, str | None], list[Recipient]] = {}
    for one in recipients:
        shared_topic = one.event.topic if one.event.user is None else None
        groups.setdefault((one.event.type, shared_topic), []).append(one)
    chosen: dict[str, list[Recipient]] = {}
    for (type, topic), group in groups.items():
        users = {one.user for one in group}
        for means in means_by_type[type]:
            wanting = wants(users, type, means.preference, topic)
            chosen.setdefault(means.name, []).extend(one for one in group if one.user in wanting)
    for group in chosen.values():
        group.sort(key=lambda one: one.event.position)
    return chosen
