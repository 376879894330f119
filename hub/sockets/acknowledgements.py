"""Pings and pongs: how far a client has come, and whether it keeps the server waiting. Pure."""

from collections import deque

MAX_OPEN = 16  # pings that are told apart; a pong of an older one counts for none of them


class Acknowledgements:
    """Times are seconds of one monotonic clock.

    `interval`: seconds between two pings. `timeout`: seconds that a client has for its pong.
    `pings` were sent, and the first `answered` of them have their pong.
    """

    def __init__(self, interval: float, timeout: float, now: float) -> None:
        self._interval = interval
        self._timeout = timeout
        self._open: deque[tuple[int, int]] = deque(maxlen=MAX_OPEN)  # position, which ping
        self._free_pongs = 0
        self._highest = -1  # the highest position of a pong
        self._sends = 0  # blocked sends that a slow reader has taken
        self._read_at = now  # when it took the last one
        self.pings = 0
        self.answered = 0
        self.last_ping: int | None = None  # the position of the last ping
        self.next_ping = now + interval
        self.waiting_since: float | None = None  # since when the client owes a pong
        self.has_acknowledged = False

    def ping(self, position: int, now: float) -> None:
        """A ping with this position goes out."""
        self.pings += 1
        self._open.append((position, self.pings))
        self._free_pongs += 1
        self.last_ping = position
        self.next_ping = now + self._interval
        if self.waiting_since is None:
            self.waiting_since = now

    def accepts(self, position: int) -> bool:
        """Whether a pong with this position tells the server anything.

        There are as many pongs as there were pings. A further one counts only where it goes
        beyond all before: a client that says more often how far it is must not have used up the
        pong that counts.
        """
        if self.last_ping is None or position > self.last_ping:
            return False
        return self._free_pongs > 0 or position > self._highest

    def pong(self, position: int, now: float) -> bool:
        """Take a pong that `accepts` accepts; whether it is the pong of an open ping.

        Such pongs are free, so a client must not be able to repeat one forever. A pong of an
        earlier ping than the last shows that the client is there: its time begins anew. Of several
        pings with the same position it answers the first one that is open.
        """
        is_due = self._free_pongs > 0
        self._free_pongs = max(0, self._free_pongs - 1)
        self._highest = max(self._highest, position)
        self.has_acknowledged = True
        self.waiting_since = None if position == self.last_ping else now
        while self._open and self._open[0][0] < position:
            self.answered = self._open.popleft()[1]
        if self._open and self._open[0][0] == position:
            self.answered = self._open.popleft()[1]
        if not self._open:
            self._free_pongs = 0
        return is_due

    def forgive_silence(self) -> None:
        """The time of a client that has never sent a pong begins now, not at an earlier ping."""
        if not self.has_acknowledged:
            self.waiting_since = None

    def is_overdue(self, now: float, *, window_is_full: bool) -> bool:
        """Whether the client has owed a pong for too long.

        A client that has never sent one may only be reading: it is left alone until its window
        is full.
        """
        if self.waiting_since is None or not (self.has_acknowledged or window_is_full):
            return False
        return now - self.waiting_since > self._timeout

    def reads(self, now: float, *, sends: int, is_blocked: bool) -> bool:
        """Whether the client reads what it is sent, be it slowly.

        `sends` counts the blocked sends that went through, `is_blocked` says whether one waits.
        """
        if sends != self._sends or not is_blocked:
            self._sends, self._read_at = sends, now
        return now - self._read_at <= self._timeout
