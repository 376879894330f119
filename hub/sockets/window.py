"""The window: what a client was sent and has not acknowledged. Pure."""

from collections import deque

REPLY_SHARE = 16  # one part in so many of a window's bytes: events leave it free


class Window:
    """At most so many unacknowledged events, and so many bytes.

    Events leave a part of the bytes to replies, so that a client whose window is full of events
    can still make requests. Only a single frame that is larger than the window exceeds it: an
    empty window takes any frame, or a client with a small window would wait forever.

    `logged_events` of `events` came in the stream, the others in replies.

    Ephemeral events and replies have no position: they count until the client has answered a ping
    that was sent after them.
    """

    def __init__(self, max_events: int, max_bytes: int) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._events_bytes = max_bytes - max_bytes // REPLY_SHARE
        self._logged: deque[tuple[int, int, int]] = deque()  # position, bytes, events
        self._others: deque[tuple[int, int, int]] = deque()  # pings before it, events, bytes
        self._turned_away = False  # a frame had no room, and nothing was acknowledged since
        self.logged_events = 0
        self.events = 0
        self.bytes = 0

    def reserve(self, size: int, events: int = 1) -> bool:
        """Whether so many events, `size` bytes together, have room.

        If a single one has none, the window is full from now on.
        """
        if self.is_full:
            return False
        if events > 1:
            return size <= self.room and events <= self.room_for_events
        if self.bytes and self.bytes + size > self._events_bytes:
            self._turned_away = True
        return not self._turned_away

    def has_room_for_reply(self, size: int) -> bool:
        """Whether a reply of `size` bytes has room, whether or not the window is full of events."""
        return not self.bytes or self.bytes + size <= self._max_bytes

    def sent(self, position: int, size: int, events: int = 1) -> None:
        """Count logged events, the last of them with this position."""
        self._logged.append((position, size, events))
        self.logged_events += events
        self.events += events
        self.bytes += size

    def sent_other(self, pings: int, size: int, *, events: int = 0) -> None:
        """Count a frame without a position, sent after so many pings; `events` are in a reply."""
        if self._others and self._others[-1][0] == pings:
            _, more_events, more_size = self._others.pop()
            self._others.append((pings, events + more_events, size + more_size))
        else:
            self._others.append((pings, events, size))
        self.events += events
        self.bytes += size

    def acknowledged(self, position: int, pings: int) -> None:
        """The client has handled all events up to `position`, and answered so many pings."""
        before = self.bytes
        while self._logged and self._logged[0][0] <= position:
            _, size, events = self._logged.popleft()
            self.logged_events -= events
            self.events -= events
            self.bytes -= size
        while self._others and self._others[0][0] < pings:
            _, events, size = self._others.popleft()
            self.events -= events
            self.bytes -= size
        if self.bytes < before:
            self._turned_away = False

    @property
    def room(self) -> int:
        """Bytes of events that fit before the window is full."""
        return max(0, self._events_bytes - self.bytes)

    @property
    def room_for_events(self) -> int:
        return max(0, self._max_events - self.events)

    @property
    def is_full(self) -> bool:
        """Whether no event has room."""
        return (
            self._turned_away or self.events >= self._max_events or self.bytes >= self._events_bytes
        )

    @property
    def is_half_full(self) -> bool:
        return self.events * 2 >= self._max_events or self.bytes * 2 >= self._max_bytes
