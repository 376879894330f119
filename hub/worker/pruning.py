"""Removing old events: the horizon moves first, the rows go ten minutes later.

In between, who is reading them finishes, and who comes finds that they are behind the horizon.
This is the one place that removes rows of the log, and it removes numbered ones only.
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
from hub.topics import user_topic

GRACE = datetime.timedelta(minutes=10)
CHUNK = 5_000  # rows removed by one statement
CHUNK_PEOPLE = 500  # people whose rows are removed by one statement


class Pruned(msgspec.Struct, frozen=True):
    """What one run did. `horizon`: clients behind it cannot resume."""

    horizon: int
    removed: int


def prune(older_than: datetime.timedelta, grace: datetime.timedelta = GRACE) -> Pruned:
    """Move the horizon up to what is older, and remove what was behind it for `grace`."""
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
    # Of people who are gone; a mail that was not sent in all that time will not be.
    Delivery.objects.filter(position__isnull=True, created_at__lt=now - older_than).delete()
    return Pruned(Log.objects.get(pk=1).horizon, removed)


def remove_people(people: Collection[str]) -> None:
    """Remove what the hub holds of deleted people, given by primary key as text.

    Their own events that are numbered, their subscriptions, deliveries, marks and choices. A last
    delivery stays until it is sent.
    """
    with transaction.atomic(using=router.db_for_write(Event)):
        for start in range(0, len(people), CHUNK_PEOPLE):
            some = list(people)[start : start + CHUNK_PEOPLE]
            topics = [user_topic(person) for person in some]
            Event.objects.filter(topic__in=topics, position__isnull=False).delete()
            Subscription.objects.filter(person__in=some).delete()
            Delivery.objects.filter(person__in=some, address="").delete()
        forget_marks(people)
        forget_preferences(people)


def _move_horizon(log: Log, now: datetime.datetime, before: datetime.datetime) -> None:
    """Up to the newest event that is old; `at` may run backwards against the position a little."""
    old = Event.objects.filter(position__gt=log.horizon, at__lt=before)
    newest = old.order_by("-position").values_list("position", flat=True).first()
    if newest is not None:
        log.horizon, log.horizon_at = newest, now
        log.save(update_fields=["horizon", "horizon_at"])


def _remove_up_to(position: int) -> int:
    removed = 0
    while True:
        rows = Event.objects.filter(position__lte=position).order_by("position")
        keys = list(rows.values_list("pk", flat=True)[:CHUNK])
        if not keys:
            return removed
        removed += Event.objects.filter(pk__in=keys).delete()[0]
