"""Snoozes events: they leave the inbox, and come back at a moment or with news of the same subject.

At its moment a snoozed event comes back as a `Reminder`, an event of its own: on top of the list,
with a toast, and to be seen again. In all functions `person` is a user's primary key.
"""

import datetime
from collections.abc import Collection
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from hub.errors import HubError
from hub.inbox.changes import publish_change
from hub.inbox.marks import locked_inbox, mark_many
from hub.inbox.reading import Inbox
from hub.inbox.reminder import Reminder
from hub.limits import load_limits
from hub.models import Event, InboxException
from hub.policy import Policy
from hub.publishing.publisher import publish
from hub.topics import user_topic

REMINDERS = 100  # made by one call of `due`


class SnoozeError(HubError, ValueError):
    """A moment until which nothing can be snoozed. Its text is for the user."""


def snooze(person: object, positions: Collection[int], until: datetime.datetime) -> str:
    """Snooze these events until a moment; return the token for `undo`.

    The caller has checked that they are in the user's inbox. Raises SnoozeError for a moment that
    is not ahead, and for one at which one of the events is no longer kept.
    """
    if until <= timezone.now():
        raise SnoozeError(_("Choose a moment that is still to come."))
    kept = datetime.timedelta(days=load_limits().retention_days)
    oldest = (
        Event.objects.filter(position__in=positions).order_by("at").values_list("at", flat=True)
    )
    first = oldest.first()
    if first is not None and until >= first + kept:
        raise SnoozeError(
            _("It is kept until {day}. Choose an earlier moment.").replace(
                "{day}", date_format(timezone.localtime(first + kept))
            )
        )
    return mark_many(person, "snoozed", positions, until=until)


def due() -> list[tuple[str, int]]:
    """The snoozed events whose moment has come, as (person, position); at most REMINDERS."""
    rows = InboxException.objects.filter(until__lte=timezone.now()).order_by("until")
    return list(rows.values_list("person", "position")[:REMINDERS])


def remind(user: Any, position: int, policy: Policy) -> None:
    """Publish the reminder of a snoozed event that is due, in the transaction that ends the snooze.

    Without one if the user has lost the right to the event, or if news of the same subject has
    brought it back before. Does nothing if it is not due.
    """
    with locked_inbox(user.pk):
        if not _due_rows(user.pk, position).exists():
            return
        inbox = Inbox(user, policy)
        item = inbox.find(position)
        is_wanted = item is not None and not inbox.has_news(item)
        if item is not None and is_wanted:
            publish(Reminder.of(position, item.frame), user_topic(user.pk))
        _end(user.pk, position, is_replaced=is_wanted)


def wake(person: object, position: int) -> None:
    """Put a snoozed event that is due back into its place, without a reminder."""
    with locked_inbox(person):
        _end(person, position, is_replaced=False)


def _due_rows(person: object, position: int) -> Any:
    return InboxException.objects.filter(
        person=str(person), what="snoozed", position=position, until__lte=timezone.now()
    )


def _end(person: object, position: int, *, is_replaced: bool) -> None:
    """End a snooze. An event that is replaced by its reminder stays away."""
    if _due_rows(person, position).update(on=is_replaced, until=None):
        publish_change(person, "snoozed", False, position, through=False)
