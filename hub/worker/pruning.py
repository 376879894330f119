"""Removes old events: the horizon moves first, the rows are deleted ten minutes later.

In between, clients that are reading the rows finish, and clients that come later see that they
are behind the horizon. Only this module deletes rows of the log, and only numbered ones.
"""

import datetime
from collections.abc import Collection

import msgspec
from django.db import router, transaction
from django.utils import timezone

from hub.inbox.digests import forget_digests
from hub.inbox.marks import forget as forget_marks
from hub.inbox.marks import forget_events
from hub.inbox.preferences import forget_preferences
from hub.inbox.quiet_hours import forget_quiet_hours
from hub.log.epoch import ensure_log
from hub.metrics import measured
from hub.models import Delivery, Event, Log, Subscription
from hub.models.chunks import delete_in_chunks, in_chunks
from hub.models.stamps import CLOCK_TOLERANCE, has_passed
from hub.topics import user_topic

PRUNE_GRACE = datetime.timedelta(minutes=10)  # between moving the horizon and deleting


class Pruned(msgspec.Struct, frozen=True):
    """What one run did. Clients behind `horizon` cannot resume; `removed` counts events."""

    horizon: int
    removed: int


def prune(older_than: datetime.timedelta, grace: datetime.timedelta = PRUNE_GRACE) -> Pruned:
    """Move the horizon to the newest event older than `older_than`.

    Also delete the events that have been behind the horizon for `grace`. A run that is interrupted
    is completed by the next one.
    """
    ensure_log()
    now = timezone.now()
    # Found before the log is locked, because it may read many rows.
    newest = _newest_old_position(now, now - older_than)
    due = _move_horizon(newest, now, grace)
    removed = delete_in_chunks(Event.objects.filter(position__lte=due).order_by("position"))
    Log.objects.filter(pk=1, removed__lt=due).update(removed=due)
    delete_in_chunks(Subscription.objects.filter(until__lte=due).order_by("until"))
    forget_events(due)
    delete_in_chunks(Delivery.objects.filter(position__lte=due).order_by("position"))
    # Last deliveries. One that could not be sent in all that time is given up.
    last = Delivery.objects.filter(position__isnull=True, created_at__lt=now - older_than)
    delete_in_chunks(last.order_by("pk"))
    measured.compact(now.timestamp())
    return Pruned(Log.objects.get(pk=1).horizon, removed)


def remove_users(users: Collection[str]) -> None:
    """Remove what the hub holds of deleted users, given by primary key as text.

    That is the numbered events on their own topics, and their subscriptions, deliveries, marks
    and preferences. A last delivery stays until it is sent.
    """
    for some in in_chunks(list(users)):
        topics = [user_topic(user) for user in some]
        own_events = Event.objects.filter(topic__in=topics, position__isnull=False)
        delete_in_chunks(own_events.order_by("topic", "position"))
        delete_in_chunks(Subscription.objects.filter(person__in=some).order_by("person"))
        delete_in_chunks(Delivery.objects.filter(person__in=some, address="").order_by("person"))
    forget_marks(users)
    forget_preferences(users)
    forget_digests(users)
    forget_quiet_hours(users)


def _newest_old_position(now: datetime.datetime, before: datetime.datetime) -> int:
    """The newest position behind the horizon's that is older than `before`, or 0.

    Positions are read from the oldest up, so that only what is about to be pruned is read, and
    not the whole log. Events with a time in the future were stamped by a wrong clock; the events
    around them decide.
    """
    horizon = Log.objects.values_list("horizon", flat=True).get(pk=1)
    behind = Event.objects.filter(position__gt=horizon)
    young = behind.filter(at__gte=before, at__lte=now + CLOCK_TOLERANCE)
    oldest_young = young.order_by("position").values_list("position", flat=True).first()
    old = behind.filter(at__lt=before)
    if oldest_young is not None:
        old = old.filter(position__lt=oldest_young)
    return old.order_by("-position").values_list("position", flat=True).first() or 0


def _move_horizon(newest: int, now: datetime.datetime, grace: datetime.timedelta) -> int:
    """Move the horizon up to `newest` if its rows can go now; return what may be deleted."""
    with transaction.atomic(using=router.db_for_write(Log)):
        log = Log.objects.select_for_update().get(pk=1)
        is_over = log.horizon_at is not None and has_passed(grace, log.horizon_at, now)
        due = log.horizon if is_over else log.removed
        if due == log.horizon < newest:
            log.horizon, log.horizon_at = newest, now
            log.save(update_fields=["horizon", "horizon_at"])
        return due
