"""A run: consecutive events that are due to a connection, sent as one frame.

A frame costs a server the same whether it carries one event or fifty. Each run is encoded once, for
all connections that are due the same events.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from hub.broadcast.ring import Entry
from hub.broadcast.shared_event import SharedEvent
from hub.events import events_text
from hub.publishing.control_events import CONTROL_EVENTS

MAX_EVENTS = 64
MAX_BYTES = 64 * 1024  # of the events; a larger event is a run by itself


class Run:
    """At least one event, oldest first. A control event is a run by itself."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.first = entries[0].position
        self.last = entries[-1].position
        self.count = len(entries)
        self.is_control = self.count == 1 and entries[0].type in CONTROL_EVENTS

    @cached_property
    def spans(self) -> list[tuple[str, int, int]]:
        """(topic, first, last) position of each topic in it."""
        first = {one.topic: one.position for one in reversed(self.entries)}
        last = {one.topic: one.position for one in self.entries}
        return [(topic, first[topic], last[topic]) for topic in last]

    @cached_property
    def event(self) -> SharedEvent:
        """The ASGI event that sends the whole run; many connections share it."""
        texts = [one.text for one in self.entries]
        return SharedEvent(texts[0] if self.count == 1 else events_text(texts))

    @cached_property
    def size(self) -> int:
        """Bytes on the wire."""
        return self.entries[0].size if self.count == 1 else len(self.event["text"].encode())

    @cached_property
    def singles(self) -> "list[Run]":
        """Each event as a run of one, for clients that did not ask for runs."""
        return [self] if self.count == 1 else [Run([one]) for one in self.entries]


class RunBuilder:
    """Collects the entries of the next run: at most `most`, and MAX_BYTES."""

    def __init__(self, most: int = MAX_EVENTS) -> None:
        self._most = most
        self._entries: list[Entry] = []
        self._bytes = 0

    def __bool__(self) -> bool:
        return bool(self._entries)

    def has_room(self, entry: Entry) -> bool:
        """Whether the entry can join those that were collected. A control event joins none."""
        if not self._entries:
            return True
        if entry.type in CONTROL_EVENTS or self._entries[-1].type in CONTROL_EVENTS:
            return False
        return len(self._entries) < self._most and self._bytes + entry.size <= MAX_BYTES

    def append(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._bytes += entry.size

    def take(self) -> Run:
        """The run of at least one entry; the next one begins."""
        run = Run(self._entries)
        self._entries, self._bytes = [], 0
        return run


def runs_of(entries: Iterable[Entry]) -> list[Run]:
    """The entries as few runs."""
    runs, builder = [], RunBuilder()
    for entry in entries:
        if not builder.has_room(entry):
            runs.append(builder.take())
        builder.append(entry)
    if builder:
        runs.append(builder.take())
    return runs


def stretches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """The entries, cut before and after each control event: it decides who is due the next ones."""
    some: list[Entry] = []
    for entry in entries:
        if entry.type not in CONTROL_EVENTS:
            some.append(entry)
            continue
        if some:
            yield some
            some = []
        yield [entry]
    if some:
        yield some
