"""Who gets an event, and the deliveries that are made for them."""

import datetime
import secrets
from collections.abc import Iterable

import msgspec
from django.db.models import Q
from django.utils import timezone

from hub.deliveries.means import Means, grace_of, is_bulk, pause_of
from hub.inbox.preferences import wants
from hub.log.intervals import NOBODY
from hub.models import Delivery, Subscription
from hub.topics import user_of

PAGE_RECIPIENTS = 500  # recipients whose deliveries are made in one transaction

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


def subscribers(event: LoggedEvent, after: int, limit: int) -> tuple[list[Recipient], int | None]:
    """Users who are to get an event, from subscriptions behind the key `after`.

    Also return the key after which to go on, or None if there are no more.
    """
    standing = Q(until__isnull=True) | Q(until__gte=event.position)
    subscriptions = Subscription.objects.filter(
        standing, topic=event.topic, since__lt=event.position, pk__gt=after
    ).exclude(person=NOBODY)
    rows = list(subscriptions.order_by("pk").values_list("pk", "person")[:limit])
    resume_after = rows[-1][0] if rows and len(rows) == limit else None
    is_one_of_many = resume_after is not None or after > 0
    return [Recipient(event, user, is_one_of_many) for _, user in rows], resume_after


def make_deliveries(recipients: list[Recipient], means_by_type: MeansByType) -> None:
    """Insert one delivery per recipient and means that the recipient wants, in the log's order."""
    # Conflicts can only occur after the worker's row was restored from a backup.
    Delivery.objects.bulk_create(_deliveries(recipients, means_by_type), ignore_conflicts=True)


def _deliveries(recipients: list[Recipient], means_by_type: MeansByType) -> Iterable[Delivery]:
    now = timezone.now()  # an event may have been stamped by a clock that was ahead
    for means, chosen in _by_means(recipients, means_by_type).items():
        for one in _without_repeats(chosen, means, now):
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


def _without_repeats(
    recipients: list[Recipient], means: str, now: datetime.datetime
) -> Iterable[Recipient]:
    """Leave out users who got a delivery of the same type within its `mail_pause`."""
    recent: dict[str, set[str]] = {}
    for type in {one.event.type for one in recipients}:
        if pause := pause_of(type):
            users = [one.user for one in recipients if one.event.type == type]
            rows = Delivery.objects.filter(
                person__in=users, type=type, means=means, created_at__gt=now - pause
            )
            recent[type] = set(rows.values_list("person", flat=True))
    for one in recipients:
        known = recent.get(one.event.type)
        if known is None:
            yield one
        elif one.user not in known:
            known.add(one.user)
            yield one


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
