"""Saying that events are seen, read or archived, and taking it back.

Every change is one word in one transaction, with an `inbox.changed` for the person's other tabs.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, get_args

from django.db import router, transaction
from django.db.models import F

from hub.events import EventType
from hub.inbox.words import Flags, Mark, Single, What, Words
from hub.models import InboxException, InboxMark, InboxState
from hub.publishing.publisher import publish
from hub.topics import user_topic

UNDOABLE = 20  # marks of one kind that can still be taken back; older ones are settled
CHUNK = 500  # people asked about by one statement


class InboxChanged(EventType, frozen=True):
    """To the person: the event at `position` is now `what`, or is not.

    `what` is one of `words.What`; with `through`, everything up to the position is meant.
    """

    type: ClassVar[str] = "inbox.changed"
    what: str
    on: bool
    position: int
    through: bool


def words_of(person: object) -> Words:
    """The person's marks; exceptions are read for the events that are looked at."""
    found = InboxMark.objects.filter(person=str(person))
    rows: Iterable[Any] = found.values_list("what", "upto", "turn")
    return Words([Mark(*row) for row in rows])


def singles_of(person: object, positions: Collection[int]) -> list[Single]:
    """The person's words about these single events."""
    found = InboxException.objects.filter(person=str(person), position__in=positions)
    rows: Iterable[Any] = found.values_list("what", "position", "on", "turn")
    return [Single(*row) for row in rows]


def flags_of(person: object, position: int) -> Flags:
    """How one event stands with the person."""
    words = words_of(person)
    words.add(singles_of(person, [position]))
    return words.flags(position)


def mark(person: object, what: What, position: int, *, on: bool = True) -> bool:
    """Say of one event that it is, or is not, `what`; whether that changed anything.

    The caller has checked that the event is the person's. Nobody can unsee.
    """
    if what == "seen" and not on:
        raise ValueError("what was seen stays seen")
    with _speaking(person) as state:
        if getattr(flags_of(person, position), what) == on:
            return False
        InboxException.objects.update_or_create(
            person=str(person),
            what=what,
            position=position,
            defaults={"on": on, "turn": _next_turn(state)},
        )
        _tell(person, what, on, position, through=False)
    return True


def mark_all(person: object, what: What, upto: int) -> str:
    """Say of everything up to a position that it is `what`; what `undo` takes to take it back.

    `upto` must not be above the log's head: what happens later is not meant.
    """
    with _speaking(person) as state:
        turn = _next_turn(state)
        InboxMark.objects.create(person=str(person), what=what, upto=upto, turn=turn)
        _settle(person, what)
        _tell(person, what, True, upto, through=True)
    return f"{what}.{turn}"


def undo(person: object, token: str) -> bool:
    """Take a `mark_all` back: what was said before holds again. False where it is too late.

    What was said since about single events stays. Raises ValueError for what is no token.
    """
    what, _, turn = token.partition(".")
    if what not in get_args(What) or not (turn.isascii() and turn.isdigit() and len(turn) < 19):
        raise ValueError(f"not something that can be undone: {token[:40]!r}")
    with _speaking(person):
        rows = InboxMark.objects.filter(person=str(person), what=what, turn=int(turn))
        taken_back = rows.first()
        if taken_back is None:
            return False
        taken_back.delete()
        _tell(person, what, False, taken_back.upto, through=True)
    return True


def has_seen(person: object, position: int) -> bool:
    """Whether the person has seen this event in a browser."""
    return bool(seen_by([str(person)], position))


def seen_by(people: Collection[Any], position: int) -> set[str]:
    """Those among the people (primary keys, returned as text) who have seen this event."""
    keys = [str(person) for person in people]
    found: set[str] = set()
    for start in range(0, len(keys), CHUNK):
        some = keys[start : start + CHUNK]
        marks = InboxMark.objects.filter(person__in=some, upto__gte=position)
        singles = InboxException.objects.filter(person__in=some, position=position)
        found.update(marks.values_list("person", flat=True).distinct())
        found.update(singles.values_list("person", flat=True).distinct())
    return found


def forget(people: Collection[Any]) -> None:
    """Remove what deleted people said."""
    keys = [str(person) for person in people]
    for start in range(0, len(keys), CHUNK):
        some = keys[start : start + CHUNK]
        for model in (InboxMark, InboxException, InboxState):
            model._default_manager.filter(person__in=some).delete()


def forget_events(upto: int) -> None:
    """Remove what was said about events that were removed from the log up to this position."""
    InboxException.objects.filter(position__lte=upto).delete()
    InboxMark.objects.filter(upto__lte=upto).delete()


@contextmanager
def _speaking(person: object) -> Iterator[InboxState]:
    """One word at a time a person: their row is locked until the commit."""
    using = router.db_for_write(InboxState)
    with transaction.atomic(using=using):
        InboxState.objects.get_or_create(person=str(person))
        yield InboxState.objects.select_for_update().get(person=str(person))


def _next_turn(state: InboxState) -> int:
    InboxState.objects.filter(pk=state.pk).update(turn=F("turn") + 1)
    return state.turn + 1


def _settle(person: object, what: What) -> None:
    """Put old marks, which nobody takes back any more, into one.

    What they overrule is removed first. After that, the one that reaches highest says the same
    as all of them.
    """
    rows = InboxMark.objects.filter(person=str(person), what=what).order_by("-turn")
    settled = list(rows[UNDOABLE:])
    if not settled:
        return
    singles = InboxException.objects.filter(person=str(person), what=what)
    for one in settled:
        singles.filter(position__lte=one.upto, turn__lt=one.turn).delete()
    highest = max(settled, key=lambda one: (one.upto, one.turn))
    rows.filter(pk__in=[one.pk for one in settled if one is not highest]).delete()


def _tell(person: object, what: str, on: bool, position: int, *, through: bool) -> None:
    event = InboxChanged(what=what, on=on, position=position, through=through)
    publish(event, user_topic(person))
