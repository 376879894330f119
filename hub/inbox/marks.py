"""Marks events as seen, read, archived or snoozed, and undoes it.

Every change is one decision in one transaction, with an `inbox.changed` for the user's other tabs.
In all functions `person` is a user's primary key.
"""

import datetime
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, get_args

from django.db import router, transaction
from django.db.models import F
from django.utils import timezone

from hub.inbox.changes import publish_change
from hub.inbox.flags import Flag, Flags, InboxFlags, Mark, Override
from hub.inbox.unseen import has_any
from hub.models import InboxException, InboxMark, InboxState
from hub.models.chunks import delete_in_chunks, in_chunks

UNDOABLE_MARKS = 20  # per user and flag; older ones are merged into one
# After this time a snoozed event is there again even if no worker has published its reminder.
REMINDER_GRACE = datetime.timedelta(seconds=60)


def marks_of(person: object) -> InboxFlags:
    """The user's marks. Overrides are read for the events that are looked at."""
    found = InboxMark.objects.filter(person=str(person))
    rows: Iterable[Any] = found.values_list("what", "upto", "turn")
    return InboxFlags([Mark(*row) for row in rows])


def overrides_of(person: object, positions: Collection[int]) -> list[Override]:
    """The user's overrides for the events at these positions."""
    found = InboxException.objects.filter(person=str(person), position__in=positions)
    rows: Iterable[Any] = found.values_list("what", "position", "on", "turn", "until")
    overdue = timezone.now() - REMINDER_GRACE
    return [
        Override(what, position, on and (until is None or until > overdue), turn, until)
        for what, position, on, turn, until in rows
    ]


def flags_of(person: object, position: int) -> Flags:
    """The flags of one event in the user's inbox."""
    flags = marks_of(person)
    flags.add(overrides_of(person, [position]))
    return flags.of(position)


def mark(person: object, what: Flag, position: int, *, on: bool = True) -> bool:
    """Set or clear the flag `what` of one event; return whether that changed anything.

    The caller has checked that the event is in the user's inbox. "seen" cannot be cleared, and what
    is snoozed needs `snooze`: that raises ValueError.
    """
    if what == "seen" and not on:
        raise ValueError("'seen' cannot be cleared")
    if what == "snoozed" and on:
        raise ValueError("an event is snoozed until a moment: see hub.inbox.snooze")
    with locked_inbox(person) as state:
        if getattr(flags_of(person, position), what) == on:
            return False
        InboxException.objects.update_or_create(
            person=str(person),
            what=what,
            position=position,
            defaults={"on": on, "turn": _next_in_sequence(state), "until": None},
        )
        publish_change(person, what, on, position, through=False)
    return True


def mark_all(person: object, what: Flag, upto: int) -> str:
    """Set the flag `what` of every event up to a position; return the token for `undo`.

    `upto` must not be above the log's head: later events are not meant. If all have the flag, it is
    a no-op that publishes nothing, and the token is that of the newest mark.
    """
    with locked_inbox(person) as state:
        latest = InboxMark.objects.filter(person=str(person), what=what).order_by("-turn").first()
        if not _would_change(person, what, upto, latest):
            return f"{what}.{latest.turn if latest else 0}"
        sequence = _next_in_sequence(state)
        InboxMark.objects.create(person=str(person), what=what, upto=upto, turn=sequence)
        _merge_old_marks(person, what)
        publish_change(person, what, True, upto, through=True)
    return f"{what}.{sequence}"


def mark_many(
    person: object,
    what: Flag,
    positions: Collection[int],
    *,
    on: bool = True,
    until: datetime.datetime | None = None,
) -> str:
    """Set or clear the flag `what` of these events; return the token for `undo`.

    The caller has checked that they are in the user's inbox. `until` is for "snoozed".
    """
    with locked_inbox(person) as state:
        sequence = _next_in_sequence(state)
        InboxException.objects.bulk_create(
            [
                InboxException(
                    person=str(person),
                    what=what,
                    position=position,
                    on=on,
                    turn=sequence,
                    until=until,
                )
                for position in positions
            ],
            update_conflicts=True,
            unique_fields=["person", "what", "position"],
            update_fields=["on", "turn", "until"],
            batch_size=500,
        )
        if positions:
            publish_change(person, what, on, max(positions), through=False)
    return f"{what}.{sequence}"


def undo(person: object, token: str) -> bool:
    """Undo a `mark_all` or a `mark_many`; return False where it is too late.

    What `mark_all` overruled holds again; the events of `mark_many` lose the flag, or get it again.

    Later decisions about single events stay. Raises ValueError for a malformed token.
    """
    flag, _, number = token.partition(".")
    if flag not in get_args(Flag) or not (
        number.isascii() and number.isdigit() and len(number) < 19
    ):
        raise ValueError(f"not something that can be undone: {token[:40]!r}")
    which = {"person": str(person), "what": flag, "turn": int(number)}
    with locked_inbox(person) as state:
        undone = InboxMark.objects.filter(**which).first()
        if undone is not None:
            undone.delete()
            publish_change(person, flag, False, undone.upto, through=True)
            return True
        rows = InboxException.objects.filter(**which)
        newest = rows.order_by("-position").first()
        if newest is None or (flag == "snoozed" and not newest.on):  # until when is not known
            return False
        rows.update(on=not newest.on, turn=_next_in_sequence(state), until=None)
        publish_change(person, flag, not newest.on, newest.position, through=False)
    return True


def has_seen(person: object, position: int) -> bool:
    """Whether the user has seen this event in a browser."""
    return bool(seen_by([str(person)], position))


def seen_by(people: Collection[Any], position: int) -> set[str]:
    """Those of the users (primary keys, returned as text) who have seen this event."""
    found: set[str] = set()
    for keys in in_chunks([str(key) for key in people]):
        marks = InboxMark.objects.filter(person__in=keys, upto__gte=position)
        overrides = InboxException.objects.filter(person__in=keys, position=position)
        found.update(marks.values_list("person", flat=True).distinct())
        found.update(overrides.values_list("person", flat=True).distinct())
    return found


def forget(people: Collection[Any]) -> None:
    """Remove the marks and overrides of deleted users."""
    for keys in in_chunks([str(key) for key in people]):
        for model in (InboxMark, InboxException, InboxState):
            model._default_manager.filter(person__in=keys).delete()


def forget_events(upto: int) -> None:
    """Remove the marks and overrides of events that were pruned up to this position."""
    delete_in_chunks(InboxException.objects.filter(position__lte=upto).order_by("position"))
    delete_in_chunks(InboxMark.objects.filter(upto__lte=upto).order_by("upto"))


@contextmanager
def locked_inbox(person: object) -> Iterator[InboxState]:
    """Lock the user's row until the commit: one decision at a time per user."""
    using = router.db_for_write(InboxState)
    with transaction.atomic(using=using):
        InboxState.objects.get_or_create(person=str(person))
        yield InboxState.objects.select_for_update().get(person=str(person))


def _would_change(person: object, flag: Flag, upto: int, latest: InboxMark | None) -> bool:
    """Whether setting a flag up to this position changes anything, after the newest mark of it."""
    if latest is None:
        return has_any(person, 0, upto, seen=flag != "seen")
    if upto < latest.upto:
        return True  # It still holds when the newest mark is undone.
    cleared = InboxException.objects.filter(
        person=str(person), what=flag, on=False, position__lte=upto, turn__gt=latest.turn
    )
    # An event with any override has been seen, but need not have the other flags.
    return cleared.exists() or has_any(person, latest.upto, upto, seen=flag != "seen")


def _next_in_sequence(state: InboxState) -> int:
    InboxState.objects.filter(pk=state.pk).update(turn=F("turn") + 1)
    return state.turn + 1


def _merge_old_marks(person: object, flag: Flag) -> None:
    """Merge the marks that can no longer be undone into one.

    The overrides that they overrule are removed first. After that, the mark that reaches highest
    says the same as all of them.
    """
    rows = InboxMark.objects.filter(person=str(person), what=flag).order_by("-turn")
    old = list(rows[UNDOABLE_MARKS:])
    if not old:
        return
    overrides = InboxException.objects.filter(person=str(person), what=flag)
    for one in old:
        overrides.filter(position__lte=one.upto, turn__lt=one.turn).delete()
    highest = max(old, key=lambda one: (one.upto, one.turn))
    rows.filter(pk__in=[one.pk for one in old if one is not highest]).delete()
