"""The newest frames in memory, indexed by topic: live delivery and most catch-up read here."""

from collections import deque
from collections.abc import Iterable

import msgspec

from hub.events import ephemeral_text, event_text
from hub.log.row import Row


class Entry(msgspec.Struct, frozen=True):
    """An event, ready to send: `text` is the finished frame, `size` its bytes on the wire.

    An ephemeral event has the position 0.
    """

    position: int
    topic: str
    type: str
    text: str
    size: int


def entry_of(row: Row) -> Entry:
    """The entry of a numbered row: its position is put in front, once for all connections."""
    text = event_text(row.position, row.tail)
    size = len(text) - len(row.tail) + row.size  # what is put in front is ASCII
    return Entry(row.position, row.topic, row.type, text, size)


def ephemeral_entry(topic: str, type: str, tail: str) -> Entry:
    text = ephemeral_text(tail)
    return Entry(0, topic, type, text, len(text.encode()))


class Ring:
    """Holds at most `max_events` entries and `max_bytes`; the oldest make room.

    Complete above `start`: whatever is in the log above it, up to the follower's position, is
    here too. Older entries are read from the database.
    """

    def __init__(self, max_events: int, max_bytes: int) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._entries: deque[Entry] = deque()
        self._topics: dict[str, deque[Entry]] = {}
        self._bytes = 0
        self.start = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def bytes(self) -> int:
        return self._bytes

    def reset(self, start: int) -> None:
        """Forget everything; complete above `start` from now on."""
        self._entries.clear()
        self._topics.clear()
        self._bytes = 0
        self.start = start

    def append(self, entry: Entry) -> None:
        """Add the next entry; positions must increase."""
        self._entries.append(entry)
        self._topics.setdefault(entry.topic, deque()).append(entry)
        self._bytes += entry.size
        while len(self._entries) > self._max_events or self._bytes > self._max_bytes:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        oldest = self._entries.popleft()
        self._bytes -= oldest.size
        self.start = oldest.position
        of_topic = self._topics[oldest.topic]
        of_topic.popleft()
        if not of_topic:
            del self._topics[oldest.topic]

    def due(self, bounds: Iterable[tuple[str, int, int]], limit: int) -> list[Entry]:
        """The oldest entries within (topic, since, until) bounds, at most `limit`."""
        found: dict[int, Entry] = {}
        for topic, since, until in bounds:
            for entry in reversed(self._topics.get(topic, ())):
                if entry.position <= since:
                    break
                if entry.position <= until:
                    found[entry.position] = entry
        return [found[position] for position in sorted(found)[:limit]]
