"""The flags of events in an inbox, and which of several decisions holds. Pure.

A mark sets a flag for everything up to a position; an override sets or clears it for one event.
Each has a number in the sequence of its user's decisions, and of the decisions about one event the
latest holds. So "mark all" is one row, and removing the row makes the earlier decisions hold again.

A snoozed event is away until its time has come. Then a reminder, an event of its own, takes its
place, and it stays away.
"""

import datetime
from typing import Literal, get_args

import msgspec

Flag = Literal["seen", "read", "archived", "snoozed"]

# What a client may ask for, and the flag that it sets or clears.
Action = Literal["seen", "read", "unread", "archive", "unarchive", "unsnooze"]
ACTIONS: dict[Action, tuple[Flag, bool]] = {
    "seen": ("seen", True),
    "read": ("read", True),
    "unread": ("read", False),
    "archive": ("archived", True),
    "unarchive": ("archived", False),
    "unsnooze": ("snoozed", False),
}
AllAction = Literal["seen", "read", "archive"]  # those that everything up to a position can get


class Flags(msgspec.Struct, frozen=True):
    """The flags of one event in one user's inbox.

    A snoozed one comes back at `until`; without it, a reminder has come in its place.
    """

    seen: bool
    read: bool
    archived: bool
    snoozed: bool = False
    until: datetime.datetime | None = None


class Mark(msgspec.Struct, frozen=True):
    """Every event up to the position `upto` has the flag."""

    flag: Flag
    upto: int
    sequence: int


class Override(msgspec.Struct, frozen=True):
    """The event at `position` has the flag, or has it not."""

    flag: Flag
    position: int
    on: bool
    sequence: int
    until: datetime.datetime | None = None


class InboxFlags:
    """All marks of one user, and the overrides of the events that are looked at."""

    def __init__(self, marks: list[Mark]) -> None:
        self._marks = marks
        self._overrides: dict[tuple[Flag, int], Override] = {}

    def add(self, overrides: list[Override]) -> None:
        self._overrides |= {(one.flag, one.position): one for one in overrides}

    def watermark(self, *flags: Flag) -> int:
        """The highest position that a mark of one of these flags reaches; 0 without any."""
        return max((mark.upto for mark in self._marks if mark.flag in flags), default=0)

    def of(self, position: int) -> Flags:
        """The flags of one event. An event with any mark or override has been seen."""
        seen = position <= self.watermark("seen", "read", "archived") or any(
            (flag, position) in self._overrides for flag in get_args(Flag)
        )
        snooze = self._overrides.get(("snoozed", position))
        return Flags(
            seen,
            self._holds("read", position),
            self._holds("archived", position),
            snoozed=snooze is not None and snooze.on,
            until=snooze.until if snooze is not None and snooze.on else None,
        )

    def _holds(self, flag: Flag, position: int) -> bool:
        marks = (one for one in self._marks if one.flag == flag and one.upto >= position)
        latest = max((one.sequence for one in marks), default=0)
        override = self._overrides.get((flag, position))
        if override is not None and override.sequence > latest:
            return override.on
        return latest > 0
