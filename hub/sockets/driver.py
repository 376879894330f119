"""Carries out what one connection decides: sends, reads the log, asks the policy.

There is one way to catch up, for a client that reconnects, falls behind or must be checked again:
read the ring, or the log where the ring does not reach back, until the cursor equals the
follower's position, and become live in the same turn of the event loop. The ring is the queue.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from django.db import Error as DatabaseError

from hub.broadcast.ring import Entry
from hub.broadcast.run import Run
from hub.concurrency.tasks import Tasks
from hub.errors import PolicyHangs
from hub.identity.authentication import Identity
from hub.sockets import catch_up, lookups, protocol
from hub.sockets.changes import Change, Changes, Outcome
from hub.sockets.close_codes import SLOW, UNCHECKED, CloseCode
from hub.sockets.connection import (
    APPLY,
    APPLY_SOON,
    CATCH_UP,
    CLOSE_SLOW,
    PING,
    SEND,
    WAIT,
    Connection,
    Step,
)
from hub.sockets.protocol import Subscribe, Unsubscribe
from hub.sockets.sender import FrameSender
from hub.sockets.services import Services

logger = logging.getLogger("hub.stream")

RING_PAGE = 256  # events taken from the ring at once while catching up
LOG_PAGE = 64  # the same from the log: 1 MiB of the largest frames, as much as a window takes
PAGE_RETRY_DELAY = 1.0  # seconds until a page that could not be read is tried again
# Seconds that a lost right has for its place in the stream; it is applied within 1 s in all.
REVOCATION_GRACE = 0.5


class Driver:
    """Serves one connection from its welcome on.

    `user` is None for an anonymous connection. `takes_runs`: the client asked for several events
    in one frame. `end` closes the socket.
    """

    def __init__(
        self,
        connection: Connection,
        changes: Changes,
        *,
        user: Identity | None,
        takes_runs: bool,
        sender: FrameSender,
        services: Services,
        tasks: Tasks,
        end: Callable[[CloseCode], None],
    ) -> None:
        self.user, self.end = user, end
        self.connection = connection
        self._changes = changes
        self._takes_runs = takes_runs
        self._sender = sender
        self._services = services
        self._fanout = services.fanout
        self._follower = services.follower
        self._meter = services.meter
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()
        self._acknowledged = asyncio.Event()
        self._topics: set[str] = set()  # that the fan-out serves

    def start(self) -> None:
        """Send what the client has missed since the cursor, then stay at the head of the log."""
        self._follow_topics()
        if self.user is not None:
            # The fan-out passed these before it knew this connection.
            since = [(self.user.topic, self._changes.checked_at, self._follower.position)]
            for entry in self._follower.ring.due(since, RING_PAGE):
                self._do(self.connection.announce(entry), entry)
        self._spawn(self._catch_up)

    def stop(self) -> None:
        """Send no event from now on."""
        self.connection.end()
        self._fanout.unsubscribe(self, self._topics)
        self._topics = set()

    @property
    def owes_pong(self) -> bool:
        return self.connection.acknowledgements.waiting_since is not None

    @property
    def unacknowledged(self) -> int:
        """Bytes."""
        return self.connection.window.bytes

    def topics(self) -> set[str]:
        """What the connection is subscribed to."""
        return self.connection.subscriptions.topics()

    # Live: called by the fan-out for each run and connection

    def deliver(self, run: Run) -> None:
        for one in (run,) if self._takes_runs else run.singles:
            todo = self.connection.deliver(one, is_blocked=self._sender.is_blocked)
            if todo & SEND:
                self._meter.events_sent += one.count
                self._send(todo, one, one.last)
            elif todo:
                self._do(todo, one.entries[0])

    def show(self, run: Run) -> None:
        decided = self._fanout.decided
        for one in (run,) if self._takes_runs else run.singles:
            todo = self.connection.show(one.size, decided, is_blocked=self._sender.is_blocked)
            if todo & SEND:
                self._send(todo, one, decided)
            elif todo:
                self._do(todo)

    def _send(self, todo: int, run: Run, position: int) -> None:
        self._sender.push_encoded(run.event)
        if todo != SEND:
            self._do(todo, position=position)
        if self._sender.is_blocked:
            self._do(self.connection.fall_behind(position))

    def _do(self, todo: int, entry: Entry | None = None, position: int = 0) -> None:
        if todo & PING:
            self._ping(position)
        if todo & APPLY_SOON and entry is not None:
            self._spawn(self._apply_after_grace, entry)
        if todo & CATCH_UP:
            self._spawn(self._catch_up)
        if todo & CLOSE_SLOW:
            self.end(SLOW)

    # Replies, pings, pongs

    def reply(self, text: str) -> None:
        """Send what is no event; a client that has no room for it is closed."""
        decided = self._fanout.decided
        position = self.connection.decided(decided)
        todo = self.connection.reply(len(text.encode()), decided)
        if todo & SEND:
            self._sender.push(text)
        self._do(todo, position=position)

    def pong(self, position: int) -> bool:
        """Take the client's pong; False where it answers no ping."""
        window = self.connection.window
        before = window.logged_events
        is_due = self.connection.pong(position, self._loop.time())
        self._meter.events_acknowledged += before - window.logged_events
        self._acknowledged.set()
        return is_due

    def beat(self, now: float) -> None:
        """Once a second: ping when it is time, end a client that does not follow."""
        sender = self._sender
        todo = self.connection.beat(now, sends=sender.finished_sends, is_blocked=sender.is_blocked)
        self._do(todo, position=self.connection.decided(self._fanout.decided))

    def _ping(self, position: int) -> None:
        self._sender.push(protocol.ping(position))
        self.connection.ping(position, self._loop.time())

    # Catching up

    async def _catch_up(self) -> None:
        connection = self.connection
        while True:
            await self._sender.drained()
            if self._sender.closed:
                return
            step = connection.next_step(self._follower.position)
            if step is Step.DONE:
                return
            if step is Step.WAIT_FOR_FOLLOWER:
                await self._follower.reached(connection.cursor)
            elif step is Step.READ:
                try:
                    await self._catch_up_page()
                except DatabaseError as error:
                    logger.warning("cannot read the log for a connection, trying again: %s", error)
                    await asyncio.sleep(PAGE_RETRY_DELAY)
            else:
                self._acknowledged.clear()
                if step is Step.PING_AND_WAIT:
                    self._ping(connection.cursor)
                await self._acknowledged.wait()

    async def _catch_up_page(self) -> None:
        """Send the next entries, until the page ends, the window is full, or topics change."""
        connection, upto = self.connection, self._follower.position
        bounds = list(connection.subscriptions.bounds(connection.cursor, upto))
        page = await catch_up.read_page(
            self._services, connection.cursor, bounds, RING_PAGE, LOG_PAGE
        )
        if page is None:
            # Removed while it was read: the client comes back and is told so.
            self.end(SLOW)
            return
        for run, todo, entry in catch_up.replay(page.entries, connection, runs=self._takes_runs):
            if run is not None:
                self._meter.events_sent += run.count
                self._send(todo, run, run.last)
                await self._sender.drained()
            if todo == APPLY:
                await self._apply(entry)
                connection.reached(entry.position)
            if todo in (APPLY, WAIT):
                return
        if page.is_last:
            connection.reached(upto)

    # Changes of what the connection is subscribed to

    async def change(self, frame: Subscribe | Unsubscribe) -> None:
        """Carry out a request and reply. Raises DatabaseError, and whatever a policy raises."""
        if isinstance(frame, Subscribe):
            self._tell(await self._carry_out(self._changes.subscribe(frame)))
        else:
            reply = self._changes.unsubscribe(frame)
            self._follow_topics()
            self.reply(reply)

    def lose(self, topics: Collection[str]) -> None:
        """Receive these no more, and tell the client."""
        told = self._changes.lose(topics)
        self._follow_topics()
        self._tell(told)

    async def _apply_after_grace(self, entry: Entry) -> None:
        """Apply a lost right, unless it has been applied in its place.

        A client that does not acknowledge or does not read, or a long replay, could keep it waiting
        for as long as they like. Met again in its place, or at the same time, it changes nothing.
        """
        await asyncio.sleep(REVOCATION_GRACE)
        if self.connection.awaits(entry):
            await self._apply(entry)

    async def _apply(self, entry: Entry) -> None:
        try:
            self._tell(await self._carry_out(self._changes.apply(entry)))
        except (DatabaseError, PolicyHangs) as error:
            self._services.report(error)
            self.end(UNCHECKED)

    def _tell(self, outcome: Outcome) -> None:
        if isinstance(outcome, CloseCode):
            self.end(outcome)
        elif outcome is not None:
            self.reply(outcome)

    async def _carry_out(self, change: Change) -> Outcome:
        """Find what a change needs, step by step. The fan-out follows each step at once."""
        found = None
        while True:
            try:
                need = change.send(found)
            except StopIteration as done:
                outcome: Outcome = done.value
                return outcome
            finally:
                self._follow_topics()
            found = await lookups.find(need, self.user, self._services)

    def _follow_topics(self) -> None:
        """Have the fan-out serve what the connection is subscribed to now."""
        if self.connection.has_ended:
            return
        before, now = self._topics, self.connection.subscriptions.topics()
        if now != before:
            self._fanout.unsubscribe(self, before - now)
            self._fanout.subscribe(self, now - before)
            self._topics = now

    def _spawn(self, work: Callable[..., Awaitable[None]], *args: Any) -> None:
        self._tasks.spawn(self._guarded(work, *args), "hub.stream")

    async def _guarded(self, work: Callable[..., Awaitable[None]], *args: Any) -> None:
        try:
            await work(*args)
        except Exception as error:  # A policy may raise anything.
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """End the connection for an error, which is logged."""
        logger.error("a connection failed", exc_info=error)
        self.end(UNCHECKED)
