"""One connection's stream of events: live at the head of the log, or catching up to it.

There is one way to catch up, for whoever reconnects, falls behind or must be re-checked: read
the ring, or the log where the ring does not reach back, until the cursor equals the follower's
position, and become live in the same turn of the event loop. The ring is the queue.

A lost right is the one thing that does not wait for its place for long.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.db import Error as DatabaseError

from hub.broadcast.ring import Entry
from hub.concurrency.tasks import Tasks
from hub.identity.authentication import Identity
from hub.publishing.revocation import RightsRevoked
from hub.publishing.subscription import SubscriptionChanged
from hub.sockets import catch_up, protocol
from hub.sockets.close_codes import SLOW, UNCHECKED, CloseCode
from hub.sockets.connection import Connection
from hub.sockets.sender import FrameSender
from hub.sockets.services import Services
from hub.sockets.subscriptions import Hearing

logger = logging.getLogger("hub.stream")

PAGE = 256  # events taken from the ring at once while catching up
LOG_PAGE = 64  # the same from the log: 1 MiB of the largest frames, as much as a window takes
RETRY = 1.0  # seconds until a page that could not be read is tried again
GRACE = 0.5  # seconds that a lost right has for its place in the stream; obeyed within 1 s in all

# Events that change what the connection hears: obeyed in their place in the stream, before any
# later event is sent. A live connection that meets one is "behind" until it is done.
OBEYED = frozenset({SubscriptionChanged.type, RightsRevoked.type})


class Stream:
    """Serves one connection. `hearing` carries out OBEYED events; `end` closes the connection."""

    def __init__(
        self,
        *,
        connection: Connection,
        person: Identity | None,
        socket: FrameSender,
        runtime: Services,
        tasks: Tasks,
        hearing: Hearing,
        end: Callable[[CloseCode], None],
    ) -> None:
        self.person = person
        self.hearing = hearing
        self.end = end
        self._connection = connection
        self._socket = socket
        self._runtime = runtime
        self._follower = runtime.follower
        self._fanout = runtime.fanout
        self._limits = runtime.limits
        self._tasks = tasks
        self._answered = asyncio.Event()
        self._taken = 0  # frames that a slow reader took, and when the last one was
        self._taken_at = asyncio.get_running_loop().time()
        self._stopped = False
        self._loop = asyncio.get_running_loop()
        self._next_ping = self._loop.time() + self._limits.ping

    def start(self) -> None:
        """Send what is due since the cursor, then stay at the head of the log."""
        if self.person is not None:
            # The fan-out has passed on these before it knew this connection.
            since = [(self.person.topic, self.hearing.noted, self._follower.position)]
            for entry in self._follower.ring.due(since, PAGE):
                self._obey_in_time(entry)
        self._catch_up_soon()

    def stop(self) -> None:
        """Send no event from now on, not even one that is being caught up."""
        self._stopped = True
        self._connection.live = False

    @property
    def owes(self) -> bool:
        """Whether the client has a ping to answer."""
        return self._connection.owing_since is not None

    @property
    def unanswered(self) -> int:
        """Bytes sent and not answered."""
        return self._connection.window.bytes

    # Live

    def deliver(self, entry: Entry, event: dict[str, Any]) -> None:
        connection = self._connection
        if not connection.due(entry.topic, entry.position):
            return
        self._obey_in_time(entry)
        if not connection.live:
            return
        if (
            entry.type in OBEYED
            or self._socket.is_blocked
            or not connection.window.takes(entry.size)
        ):
            self._fall_behind(entry.position - 1)
            return
        self._send(entry, event)
        if self._socket.is_blocked or connection.window.is_full:
            self._fall_behind(entry.position)

    def show(self, event: dict[str, Any], size: int) -> None:
        connection = self._connection
        if not connection.live or self._socket.is_blocked:
            return
        if not connection.window.takes(size):
            self._fall_behind(self._fanout.decided)
            return
        self._socket.push_encoded(event)
        connection.window.sent(self._fanout.decided, size, events=0)
        self._ping_if_half_full(self._fanout.decided)
        if self._socket.is_blocked or connection.window.is_full:
            self._fall_behind(self._fanout.decided)

    def answer(self, text: str) -> None:
        """Say what is no event. It counts towards the window, and ends who has no room for it.

        Otherwise a client that asks and asks and never reads would fill the server's memory.
        """
        if self._stopped:
            return  # It is over; only the goodbye follows.
        size = len(text.encode())
        if not self._connection.window.takes_answer(size):
            self.end(SLOW)
            return
        self._socket.push(text)
        self._connection.window.sent(self._decided, size, events=0)
        self._ping_if_half_full(self._decided)
        if self._connection.live and self._connection.window.is_full:
            self._fall_behind(self._fanout.decided)

    def _send(self, entry: Entry, event: dict[str, Any]) -> None:
        self._socket.push_encoded(event)
        self._connection.cursor = entry.position
        self._connection.window.sent(entry.position, entry.size)
        self._ping_if_half_full(entry.position)

    def _fall_behind(self, cursor: int) -> None:
        self._connection.live = False
        self._connection.cursor = max(self._connection.cursor, cursor)
        self._catch_up_soon()

    # Lost rights

    def _obey_in_time(self, entry: Entry) -> None:
        if entry.type == RightsRevoked.type and not self._stopped:
            self._tasks.spawn(self._safely(self._obey_after_grace, entry), "hub.revocation")

    async def _obey_after_grace(self, entry: Entry) -> None:
        """Obey a lost right, unless the stream has done so in its place.

        A client that does not answer or does not read, or a long replay, could keep it waiting
        for as long as they like. Met again in its place, or at the same time, it changes nothing.
        """
        await asyncio.sleep(GRACE)
        if self._connection.cursor < entry.position and not self._stopped:
            await self.hearing.obey(entry)

    # Catching up

    def _catch_up_soon(self) -> None:
        self._tasks.spawn(self._safely(self._reach_the_head), "hub.stream")

    async def _safely(self, work: Callable[..., Awaitable[None]], *args: Any) -> None:
        try:
            await work(*args)
        except Exception:  # A policy of the project's own may raise anything.
            logger.exception("a connection's stream failed")
            self.end(UNCHECKED)

    async def _reach_the_head(self) -> None:
        while True:
            await self._socket.drained()
            if self._stopped or self._socket.closed:
                return
            if self._connection.window.is_full:
                await self._answer()
                continue
            if self._connection.cursor > self._follower.position:
                # The client comes from a process that is ahead of this one.
                await self._follower.reached(self._connection.cursor)
                continue
            if self._connection.cursor == self._follower.position:
                self._connection.live = True
                return
            try:
                await self._catch_up_page()
            except DatabaseError as error:
                logger.warning("cannot read the log for a connection, trying again: %s", error)
                await asyncio.sleep(RETRY)

    async def _catch_up_page(self) -> None:
        """Send the next entries, until the page ends, the window is full, or topics change."""
        connection, upto = self._connection, self._follower.position
        bounds = list(connection.bounds(upto))
        page = await catch_up.page(self._runtime, connection.cursor, bounds, PAGE, LOG_PAGE)
        if page is None:
            # Removed while it was read: the client comes back and is told so.
            self.end(SLOW)
            return
        for entry in page.entries:
            if self._stopped or not connection.due(entry.topic, entry.position):
                continue  # Ended or unsubscribed while the page was read.
            if entry.type in OBEYED:
                await self.hearing.obey(entry)
                connection.cursor = entry.position
                return
            if not connection.window.takes(entry.size):
                return
            self._send(entry, {"type": "websocket.send", "text": entry.text})
            await self._socket.drained()
        if page.is_last:
            connection.cursor = max(connection.cursor, upto)

    # The window

    async def _answer(self) -> None:
        """Wait for the client to answer the ping that the full window called for."""
        self._answered.clear()
        if not self._connection.has_answered:
            self._connection.owing_since = None  # Its time begins now, not at an earlier ping.
        if self._connection.owing_since is None:
            self.ping(self._connection.cursor)
        await self._answered.wait()

    @property
    def _decided(self) -> int:
        """Up to where everything is decided for this connection.

        In the middle of a fan-out it may have been sent more than is decided for everybody.
        """
        decided = self._fanout.decided if self._connection.live else 0
        return max(decided, self._connection.cursor)

    def _ping_if_half_full(self, position: int) -> None:
        if self._connection.owing_since is None and self._connection.window.is_half_full:
            self.ping(position)

    def ping(self, position: int) -> None:
        now = self._loop.time()
        self._socket.push(protocol.ping(position))
        self._connection.ping(position, now)
        self._next_ping = now + self._limits.ping

    def pong(self, position: int) -> bool:
        """Take the client's answer; False where it answers no ping."""
        is_answer = self._connection.pong(position, self._loop.time())
        self._answered.set()
        return is_answer

    def beat(self, now: float) -> None:
        """Once a second: ping when it is time, end who does not answer or does not read."""
        connection = self._connection
        if self._taken != self._socket.taken or not self._socket.is_blocked:
            self._taken, self._taken_at = self._socket.taken, now
        if now - self._taken_at > self._limits.pong or connection.is_overdue(
            now, self._limits.pong
        ):
            self.end(SLOW)
        elif now >= self._next_ping and not self._socket.is_blocked:
            self.ping(self._decided)
