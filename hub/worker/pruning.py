"""Removes old events: the horizon moves first, the rows are deleted ten minutes later.

In between, clients that are reading the rows finish, and clients that come later see that they
are behind the horizon. Only this module deletes rows of the log, and only numbered ones.
"""

import datetime
from collections.abc import Collection

import msgspec
from django.db import router, transaction
from django.utils import timezone

from hub.inbox.marks import forget as forget_marks
from hub.inbox.marks import forget_events
from hub.inbox.preferences import forget_preferences
from hub.log.epoch import ensure_log
from hub.models import Delivery, Event, Log, Subscription
from hub.models.chunks import in_chunks
from hub.topics import user_topic

PRUNE_GRACE = datetime.timedelta(minutes=10)  # between moving the horizon and deleting
CHUNK_ROWS = 5_000  # deleted by one statement


class Pruned(msgspec.Struct, frozen=True):
    """What one run did. Clients behind `horizon` cannot resume; `removed` counts events."""

    horizon: int
    removed: int


def prune(older_than: datetime.timedelta, grace: datetime.timedelta = PRUNE_GRACE) -> Pruned:
    """Move the horizon to the newest event older than `older_than`.

    Also delete the events that have been behind the horizon for `grace`.
    """
    ensure_log()
    now = timezone.now()
    with transaction.atomic(using=router.db_for_write(Log)):
        log = Log.objects.select_for_update().get(pk=1)
        due = log.horizon if log.horizon_at and now - log.horizon_at >= grace else log.removed
        if due == log.horizon:
            _move_horizon(log, now, now - older_than)
    removed = _remove_up_to(due)
    Log.objects.filter(pk=1, removed__lt=due).update(removed=due)
    Subscription.objects.filter(until__lte=due).delete()
    forget_events(due)
    Delivery.objects.filter(position__lte=due).delete()
    # Last deliveries. One that could not be sent in all that time is given up.
    Delivery.objects.filter(position__isnull=True, created_at__lt=now - older_than).delete()
    return Pruned(Log.objects.get(pk=1).horizon, removed)


def remove_users(users: Collection[str]) -> None:
    """Remove what the hub holds of deleted users, given by primary key as text.

    That is the numbered events on their own topics, and their subscriptions, deliveries, marks
    and preferences. A last delivery stays until it is sent.
    """
    with transaction.atomic(using=router.db_for_write(Event)):
        for some in in_chunks(list(users)):
            topics = [user_topic(user) for user in some]
            Event.objects.filter(topic__in=topics, position__isnull=False).delete()
            Subscription.objects.filter(person__in=some).delete()
            Delivery.objects.filter(person__in=some, address="").delete()
        forget_marks(users)
        forget_preferences(users)


def _move_horizon(log: Log, now: datetime.datetime, before: datetime.datetime) -> None:
    """Move it to the newest old event. Times may run slightly backwards against positions."""
    old = Event.objects.filter(position__gt=log.horizon, at__lt=before)
    newest = old.order_by("-position").values_list("position", flat=True).first()
    if newest is not None:
        log.horizon, log.horizon_at = newest, now
        log.save(update_fields=["horizon", "horizon_at"])


def _remove_up_to(position: int) -> int:
    removed = 0
    while True:
        rows = Event.objects.filter(position__lte=position).order_by("position")
        keys = list(rows.values_list("pk", flat=True)[:CHUNK_ROWS])
        if not keys:
            return removed
        removed += Event.objects.filter(pk__in=keys).delete()[0]
