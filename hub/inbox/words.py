"""What a person said about events, and which word holds. Pure.

A mark speaks of everything up to a position, an exception of one event. Each has a turn, counted
a person; of the words about one event, the one with the highest turn holds. So "mark all" is one
row, and taking the row back makes the earlier words hold again.
"""

from typing import Literal

import msgspec

What = Literal["seen", "read", "archived"]


class Flags(msgspec.Struct, frozen=True):
    """How one event stands with one person."""

    seen: bool
    read: bool
    archived: bool


class Mark(msgspec.Struct, frozen=True):
    """Everything up to `upto` is `what`."""

    what: What
    upto: int
    turn: int


class Single(msgspec.Struct, frozen=True):
    """The event at `position` is `what`, or is not."""

    what: What
    position: int
    on: bool
    turn: int


class Words:
    """All marks of a person, and those about single events."""

    def __init__(self, marks: list[Mark]) -> None:
        self._marks = marks
        self._exceptions: dict[tuple[What, int], Single] = {}

    def add(self, exceptions: list[Single]) -> None:
        self._exceptions |= {(one.what, one.position): one for one in exceptions}

    def top(self, *what: What) -> int:
        """The highest position that a mark of one of these speaks of; 0 without any."""
        return max((mark.upto for mark in self._marks if mark.what in what), default=0)

    def flags(self, position: int) -> Flags:
        """Whoever said anything about an event has seen it."""
        spoken_of = position <= self.top("seen", "read", "archived") or any(
            (what, position) in self._exceptions for what in ("seen", "read", "archived")
        )
        return Flags(spoken_of, self._holds("read", position), self._holds("archived", position))

    def _holds(self, what: What, position: int) -> bool:
        turns = (mark.turn for mark in self._marks if mark.what == what and mark.upto >= position)
        latest = max(turns, default=0)
        exception = self._exceptions.get((what, position))
        if exception is not None and exception.turn > latest:
            return exception.on
        return latest > 0
