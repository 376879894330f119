"""What the hub knows of one connection: how far it has read, what it hears, what it owes.

No I/O and no clock here: times arrive as arguments, in seconds of one monotonic clock.
"""

from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

FOR_ANSWERS = 16  # one part in so many of a window's bytes: events leave it free


class Interval(msgspec.Struct):
    """since < position <= until; `until` None: for good."""

    since: int
    until: int | None = None

    def holds(self, position: int) -> bool:
        return self.since < position and (self.until is None or position <= self.until)


class Window:
    """What a client was sent and has not answered: at most so many events, and so many bytes.

    Events leave a part of the bytes to answers, so that a client whose window is full of events
    may still ask. Nothing exceeds the whole but a single frame that is larger than it: an empty
    window takes any frame, or a client with a small one would wait for ever.

    Ephemeral events and answers have no position: they count with the position decided last.
    """

    def __init__(self, max_events: int, max_bytes: int) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._events_bytes = max_bytes - max_bytes // FOR_ANSWERS
        self._unanswered: deque[tuple[int, int, int]] = deque()  # position, events, bytes
        self._turned_away = False  # a frame had no room, and nothing was answered since
        self.events = 0
        self.bytes = 0

    def takes(self, size: int) -> bool:
        """Whether an event of so many bytes has room; if not, the window is full from now on."""
        if not self.is_full and self.bytes and size > self.room:
            self._turned_away = True
        return not self.is_full

    def takes_answer(self, size: int) -> bool:
        """Whether an answer of so many bytes has room, be the window full of events or not."""
        return not self.bytes or self.bytes + size <= self._max_bytes

    def sent(self, position: int, size: int, *, events: int = 1) -> None:
        """Count a frame. `events=0` for what has no position of its own."""
        if self._unanswered and self._unanswered[-1][0] == position:
            _, more_events, more_bytes = self._unanswered.pop()
            self._unanswered.append((position, events + more_events, size + more_bytes))
        else:
            self._unanswered.append((position, events, size))
        self.events += events
        self.bytes += size

    def answered(self, position: int) -> None:
        """Everything up to `position` has been handled by the client."""
        while self._unanswered and self._unanswered[0][0] <= position:
            _, events, size = self._unanswered.popleft()
            self.events -= events
            self.bytes -= size
            self._turned_away = False

    @property
    def room(self) -> int:
        """Bytes of events that it takes before it is full."""
        return max(0, self._events_bytes - self.bytes)

    @property
    def room_for_events(self) -> int:
        return max(0, self._max_events - self.events)

    @property
    def is_full(self) -> bool:
        """Whether no event has room."""
        return self._turned_away or self.events >= self._max_events or not self.room

    @property
    def is_half_full(self) -> bool:
        return self.events * 2 >= self._max_events or self.bytes * 2 >= self._max_bytes


class Connection:
    """One connection's place in the log.

    `cursor`: everything up to it is decided (sent, or not for this connection). `live`: the
    fan-out serves it and keeps the cursor moving; otherwise it is being caught up.
    `own` are the person's topics, which come by themselves; `pages` those it asked for.
    """

    def __init__(self, cursor: int, window: Window) -> None:
        self.cursor = cursor
        self.live = False
        self.window = window
        self.own: dict[str, list[Interval]] = {}
        self.pages: dict[str, int] = {}
        self.pinged: int | None = None  # the position of the last ping
        self.owing_since: float | None = None  # since when it owes an answer
        self.owed = 0  # pings without an answer
        self.answered = -1  # the highest position of an answer
        self.has_answered = False

    # What it hears

    def due(self, topic: str, position: int) -> bool:
        """Whether this connection gets the event: the one filter for live and for catch-up."""
        if position <= self.cursor:
            return False
        since = self.pages.get(topic)
        if since is not None and since < position:
            return True
        return any(interval.holds(position) for interval in self.own.get(topic, ()))

    def hears(self, topic: str) -> bool:
        return topic in self.pages or topic in self.own

    def topics(self) -> set[str]:
        return self.pages.keys() | self.own.keys()

    def bounds(self, upto: int) -> Iterator[tuple[str, int, int]]:
        """(topic, since, until) of all that is due after the cursor and up to a position."""
        for topic, since in self.pages.items():
            yield topic, max(since, self.cursor), upto
        for topic, intervals in self.own.items():
            for one in intervals:
                until = upto if one.until is None else min(one.until, upto)
                if until > self.cursor and topic not in self.pages:
                    yield topic, max(one.since, self.cursor), until
                elif until > self.cursor and one.since < self.pages[topic]:
                    # A page's topic that is also the person's own: the part before the page's.
                    yield topic, max(one.since, self.cursor), min(until, self.pages[topic])

    def open_own(self, topic: str, position: int) -> bool:
        """The person hears `topic` above a position; whether that is news."""
        intervals = self.own.setdefault(topic, [])
        if any(one.until is None for one in intervals):
            return False
        intervals.append(Interval(position))
        return True

    def close_own(self, topic: str, position: int) -> bool:
        """The person hears `topic` up to a position, which is decided; whether that is news."""
        intervals = self.own.get(topic, [])
        was_open = any(one.until is None and one.since < position for one in intervals)
        later = [one for one in intervals if one.since >= position]
        if later:
            self.own[topic] = later
        else:
            self.own.pop(topic, None)
        return was_open

    def own_open(self) -> list[str]:
        """The topics that the person hears now."""
        return [topic for topic, all_ in self.own.items() if any(i.until is None for i in all_)]

    def drop(self, topics: Iterable[str]) -> None:
        """Hear these no more, asked for or own."""
        for topic in topics:
            self.pages.pop(topic, None)
            self.own.pop(topic, None)

    # What it owes

    def ping(self, position: int, now: float) -> None:
        """A ping with this position goes out."""
        self.pinged = position
        self.owed += 1
        if self.owing_since is None:
            self.owing_since = now

    def pong(self, position: int, now: float) -> bool:
        """The client has handled everything up to `position`; False where that answers no ping.

        An answer to an earlier ping than the last shows that it is there: its time begins anew.

        As many answers are true as there were pings: they are free, so a client must not be able
        to repeat one for ever. One that goes further than all before has its effect even so: who
        says more often how far it is must not have used up the answer that counts.
        """
        if self.pinged is None or position > self.pinged:
            return False
        is_answer = self.owed > 0
        if not is_answer and position <= self.answered:
            return False
        self.owed = max(0, self.owed - 1)
        self.answered = max(self.answered, position)
        self.window.answered(position)
        self.has_answered = True
        self.owing_since = now
        if position == self.pinged:
            self.owing_since = None
            self.owed = 0
        return is_answer

    def is_overdue(self, now: float, pong: float) -> bool:
        """Whether it owes an answer for `pong` seconds.

        Who has never answered may be a client that only reads: it is left alone until its
        window is full.
        """
        if self.owing_since is None or not (self.has_answered or self.window.is_full):
            return False
        return now - self.owing_since > pong
