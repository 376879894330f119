"""The relay: numbers what was committed, and sends it to every process as a hint.

It has two tasks, so that slow hints do not hold up numbering: one drains the log, one sends.
What it sends is a hint; a follower that misses one reads the log.
"""

import asyncio
import logging
from collections import deque
from typing import Any, Protocol

from django.db import Error as DatabaseError
from django.utils import timezone

from hub.broadcast.hints import Hints
from hub.broadcast.layer import Batch, Ephemeral, Heartbeat, Message, batches, ephemerals
from hub.broadcast.notify import is_queue_full
from hub.broadcast.queues import BatchQueue, EphemeralQueue
from hub.broadcast.signing import Signer
from hub.concurrency.threads import DatabaseThreads
from hub.concurrency.warn_once import WarnOnce
from hub.events import EventType, encode_tail
from hub.log.numbering import Drained, drain
from hub.publishing.publisher import committed, ephemeral

logger = logging.getLogger("hub.relay")

SEND_TIMEOUT = 1.0  # seconds for one message
DRAIN_RETRY = 0.5  # seconds until a failed drain is tried again
DRAIN_PATIENCE = 5.0  # seconds without a drain that succeeds until the process is not ready
HEARTBEAT_INTERVAL = 1.0  # seconds; a follower that receives none of its process joins again


class Following(Protocol):
    """What the relay needs from the follower of its process."""

    epoch: str

    def read_soon(self) -> None: ...
    def offer(self, batch: Batch) -> None: ...
    def offer_ephemeral(self, event: Ephemeral) -> None: ...


_relays: "set[Relay]" = set()  # that listen to this process


def has_relay() -> bool:
    """Whether a server of this process sends what is published here."""
    return bool(_relays)


class Relay:
    """One per process. `unnumbered` is set when there may be rows without a position."""

    def __init__(
        self,
        *,
        database: DatabaseThreads,
        hints: Hints,
        process: str,
        follower: Following,
        unnumbered: asyncio.Event,
        max_frame: int,
    ) -> None:
        self._database = database
        self._hints = hints
        self._process = process
        self._follower = follower
        self._max_frame = max_frame
        self._unnumbered = unnumbered
        self._outgoing = asyncio.Event()
        self._batches = BatchQueue()
        self._ephemerals = EphemeralQueue()
        self._pieces: deque[Message] = deque()  # of what the queue had, not sent yet
        self._once = WarnOnce(logger)
        self.dropped = 0  # ephemeral events that are larger than a message may be
        self._heartbeat_due = False
        self._signer = Signer()
        self._hints_work = True
        self._undrained_since: float | None = None
        self._loop = asyncio.get_running_loop()

    @property
    def is_healthy(self) -> bool:
        """Whether rows that wait for a number get it within the time that is allowed."""
        since = self._undrained_since
        return since is None or self._loop.time() - since <= DRAIN_PATIENCE

    def connect(self) -> None:
        """Listen to what this process publishes."""
        _relays.add(self)
        committed.connect(self.kick, weak=False, dispatch_uid=id(self))
        ephemeral.connect(self._take_ephemeral, weak=False, dispatch_uid=id(self))

    def disconnect(self) -> None:
        _relays.discard(self)
        committed.disconnect(dispatch_uid=id(self))
        ephemeral.disconnect(dispatch_uid=id(self))

    def kick(self, **kwargs: Any) -> None:
        """Drain the log soon. May be called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._unnumbered.set)

    def send_ephemeral(self, event: EventType, topic: str) -> None:
        """As `publish_ephemeral`, at once, for callers in this loop."""
        tail = encode_tail(event, topic, timezone.now(), self._max_frame)
        self._queue_ephemeral(Ephemeral(topic, event.type, event.key() or "", tail))

    def _take_ephemeral(self, topic: str, type: str, key: str, tail: str, **kwargs: Any) -> None:
        if not self._loop.is_closed():
            event = Ephemeral(topic, type, key, tail)
            self._loop.call_soon_threadsafe(self._queue_ephemeral, event)

    def _queue_ephemeral(self, event: Ephemeral) -> None:
        # Own connections at once: an outage of the hints must not freeze them.
        self._follower.offer_ephemeral(event)
        self._ephemerals.put(event)
        self._outgoing.set()

    async def run_draining(self) -> None:
        """Number what was committed, beginning with what others left behind."""
        self._unnumbered.set()
        while True:
            await self._unnumbered.wait()
            self._unnumbered.clear()
            try:
                await self._drain()
            except DatabaseError as error:
                # Another process may hold the log's lock, or the database is away.
                logger.warning("could not number events, trying again: %s", error)
                await self._again()
            except Exception:  # Without this task nothing would be delivered any more.
                logger.exception("numbering events failed, trying again")
                await self._again()

    async def _again(self) -> None:
        await asyncio.sleep(DRAIN_RETRY)
        self._unnumbered.set()

    async def _drain(self) -> None:
        if self._undrained_since is None:
            self._undrained_since = self._loop.time()
        while True:
            drained = await self._database.run(self._number)
            self._undrained_since = self._loop.time() if drained.is_full else None
            for batch in batches(self._process, drained.epoch, drained.rows):
                if self._hints.announce is not None:  # the others heard of it with the commit
                    self._follower.offer(batch)
                    continue
                if not self._batches.append(batch):
                    self._follower.read_soon()
                self._outgoing.set()
            if drained.rows and not self._hints_work:
                self._follower.read_soon()
            if not drained.is_full:
                return

    def _number(self) -> Drained:
        """One drain, in the relay's thread."""
        if self._hints.announce is None:
            return drain()
        try:
            return drain(announce=self._hints.announce)
        except DatabaseError as error:
            if not is_queue_full(error):
                raise
            text = "the queue of NOTIFY is full, others find events by polling: a session that "
            self._once.warn("full", text + "listens does not read (see pg_stat_activity)")
            return drain()

    async def run_beating(self) -> None:
        """Have a heartbeat sent once a second, behind whatever else waits."""
        while True:
            await asyncio.sleep(HEARTBEAT_INTERVAL)
            self._heartbeat_due = True
            self._outgoing.set()

    async def run_sending(self) -> None:
        while True:
            await self._outgoing.wait()
            if self._hints.pause:
                await asyncio.sleep(self._hints.pause)
            self._outgoing.clear()
            while (message := self._next()) is not None:
                await self._send(message)

    def _next(self) -> Message | None:
        """What is to be sent next: hints of logged events come before all else."""
        if self._batches:
            return self._batches.popleft()
        if self._pieces or self._ephemerals:
            self._pieces = self._pieces or self._taken()
        if self._pieces:
            return self._pieces.popleft()
        if self._heartbeat_due:
            self._heartbeat_due = False
            return Heartbeat(self._process, self._follower.epoch)
        return None

    def _taken(self) -> deque[Message]:
        """The ephemeral events that wait, as messages."""
        events, epoch = self._ephemerals.take_all(), self._follower.epoch
        pieces, dropped = ephemerals(self._process, epoch, events, self._hints.limit)
        self.dropped += dropped
        if dropped:
            text = "ephemeral events of more than %d bytes do not reach other processes through %s"
            self._once.warn("dropped", text, self._hints.limit, self._hints.name)
        return deque(pieces)

    async def _send(self, message: Message) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await self._hints.send(self._signer.sign(message))
        except Exception as error:  # Whatever they raise: the log has it all.
            if self._hints_work:
                logger.warning("%s fails, reading the log instead: %r", self._hints.name, error)
            self._hints_work = False
            self._follower.read_soon()
        else:
            if not self._hints_work:
                logger.warning("%s works again", self._hints.name)
            self._hints_work = True
