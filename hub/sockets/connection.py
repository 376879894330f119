"""One connection as a state machine: how far it has read, and what happens next.

No I/O and no clock here. The driver tells it events, pongs and time; it answers with what to do.
"""

import enum

from hub.broadcast.ring import Entry
from hub.broadcast.run import Run
from hub.publishing.control_events import CONTROL_EVENTS, RightsRevoked
from hub.sockets.acknowledgements import Acknowledgements
from hub.sockets.subscriptions import Subscriptions
from hub.sockets.window import Window

# What to do, as bits of one number: a run for a thousand connections allocates nothing.
SKIP = 0
SEND = 1  # send the frame
PING = 2  # then ping: half of the window is open
CATCH_UP = 4  # the connection fell behind: begin to catch up
APPLY = 8  # a control event in its place: apply it before anything else
APPLY_SOON = 16  # a lost right ahead of its place: apply it after the grace period
WAIT = 32  # the window has no room
CLOSE_SLOW = 64  # end the connection: the client does not read or does not acknowledge


class Step(enum.Enum):
    """What a connection that is being caught up needs next."""

    DONE = "it is live, or has ended"
    READ = "the next page of events within its bounds"
    PING_AND_WAIT = "a ping, and the pong to it"
    WAIT_FOR_PONG = "the pong to a ping that is out"
    WAIT_FOR_FOLLOWER = "this process: the client comes from one that is ahead of it"


class Connection:
    """One connection's place in the log.

    `cursor`: everything up to it is decided (sent, or not for this connection). `live`: the
    fan-out serves it and keeps the cursor moving; otherwise it is being caught up. `has_ended`:
    it is sent no event any more, not even one that is being caught up.
    """

    def __init__(
        self,
        cursor: int,
        subscriptions: Subscriptions,
        window: Window,
        acknowledgements: Acknowledgements,
    ) -> None:
        self.cursor = cursor
        self.subscriptions = subscriptions
        self.window = window
        self.acknowledgements = acknowledgements
        self.live = False
        self.has_ended = False

    def end(self) -> None:
        self.has_ended = True
        self.live = False

    def wants(self, topic: str, position: int) -> bool:
        return position > self.cursor and self.subscriptions.cover(topic, position)

    def decided(self, by_fanout: int) -> int:
        """Up to where everything is decided for this connection.

        In the middle of a fan-out it may have been sent more than is decided for everybody.
        """
        return max(by_fanout, self.cursor) if self.live else self.cursor

    # Live

    def deliver(self, run: Run, *, is_blocked: bool) -> int:
        """The fan-out has events. `is_blocked`: the socket takes nothing at the moment.

        All of a run is sent, or nothing, and the connection catches up: what is due then is decided
        event by event. So it is with a control event, which is applied in its place in the stream,
        before any later event is sent.
        """
        if run.last <= self.cursor:
            return SKIP
        if run.first <= self.cursor or not self.subscriptions.cover_all(run.spans):
            is_due = any(self.wants(one.topic, one.position) for one in run.entries)
            return self.fall_behind(run.first - 1) if is_due else SKIP
        if run.is_control:
            return self.announce(run.entries[0]) | self.fall_behind(run.first - 1)
        if not self.live:
            return SKIP
        if is_blocked or not self.window.reserve(run.size, run.count):
            return self.fall_behind(run.first - 1)
        todo = self._send(run.last, run.size, run.count)
        if self.window.is_full:
            todo |= self.fall_behind(run.last)
        return todo

    def show(self, size: int, decided: int, *, is_blocked: bool) -> int:
        """The fan-out has ephemeral events. A connection that is behind does not get it."""
        if not self.live or is_blocked:
            return SKIP
        if not self.window.reserve(size):
            return self.fall_behind(decided)
        self.window.sent_other(self.acknowledgements.pings, size)
        todo = SEND | self._ping_at_half()
        if self.window.is_full:
            todo |= self.fall_behind(decided)
        return todo

    def reply(self, size: int, decided: int) -> int:
        """The server has something to say besides events. It counts towards the window.

        A client without room for it is closed: one that keeps requesting and never reads would
        fill the server's memory.
        """
        if self.has_ended:
            return SKIP  # Only the goodbye follows.
        if not self.window.has_room_for_reply(size):
            return CLOSE_SLOW
        self.window.sent_other(self.acknowledgements.pings, size)
        todo = SEND | self._ping_at_half()
        if self.window.is_full:
            todo |= self.fall_behind(decided)
        return todo

    def fall_behind(self, decided: int) -> int:
        """A live connection stops being live, with all up to `decided` behind it."""
        if not self.live:
            return SKIP
        self.live = False
        self.cursor = max(self.cursor, decided)
        return CATCH_UP

    # Catching up

    def next_step(self, head: int) -> Step:
        """What comes next on the way to `head`, the follower's position. At the head it is live."""
        if self.has_ended:
            return Step.DONE
        if self.window.is_full:
            self.acknowledgements.forgive_silence()
            is_out = self.acknowledgements.waiting_since is not None
            return Step.WAIT_FOR_PONG if is_out else Step.PING_AND_WAIT
        if self.cursor > head:
            return Step.WAIT_FOR_FOLLOWER
        if self.cursor < head:
            return Step.READ
        self.live = True
        return Step.DONE

    def replay(self, entry: Entry) -> int:
        """The next event of a page: SEND, APPLY, WAIT, or SKIP what it does not want any more."""
        if self.has_ended or not self.wants(entry.topic, entry.position):
            return SKIP
        if entry.type in CONTROL_EVENTS:
            return APPLY
        if not self.window.reserve(entry.size):
            return WAIT
        return self._send(entry.position, entry.size, 1)

    def reached(self, position: int) -> None:
        """Everything up to `position` is decided."""
        self.cursor = max(self.cursor, position)

    # Lost rights

    def announce(self, entry: Entry) -> int:
        """A control event is on its way. A lost right does not wait for its place for long."""
        is_urgent = entry.type == RightsRevoked.type and not self.has_ended
        return APPLY_SOON if is_urgent else SKIP

    def awaits(self, entry: Entry) -> bool:
        """Whether a lost right has not been applied in its place yet."""
        return self.cursor < entry.position and not self.has_ended

    # Pings and pongs

    def ping(self, position: int, now: float) -> None:
        """A ping with this position goes out."""
        self.acknowledgements.ping(position, now)

    def pong(self, position: int, now: float) -> bool:
        """The client has handled everything up to `position`; False where that answers no ping."""
        if not self.acknowledgements.accepts(position):
            return False
        is_due = self.acknowledgements.pong(position, now)
        self.window.acknowledged(position, self.acknowledgements.answered)
        return is_due

    def beat(self, now: float, *, sends: int, is_blocked: bool) -> int:
        """Once a second: PING when it is time, CLOSE_SLOW for a client that does not follow.

        `sends` and `is_blocked` as in `Acknowledgements.reads`.
        """
        acknowledgements = self.acknowledgements
        if not acknowledgements.reads(
            now, sends=sends, is_blocked=is_blocked
        ) or acknowledgements.is_overdue(now, window_is_full=self.window.is_full):
            return CLOSE_SLOW
        return PING if now >= acknowledgements.next_ping and not is_blocked else SKIP

    def _send(self, position: int, size: int, events: int) -> int:
        self.cursor = position
        self.window.sent(position, size, events)
        return SEND | self._ping_at_half()

    def _ping_at_half(self) -> int:
        if self.acknowledgements.waiting_since is None and self.window.is_half_full:
            return PING
        return SKIP
