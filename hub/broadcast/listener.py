"""The listener: takes the hints of all processes, and hands them to the follower.

Whatever becomes of hints, the follower reads the log. The listener says how often: while they are
silent, the follower is `degraded`.
"""

import asyncio
import logging
from typing import Any

import msgspec

from hub.broadcast.follower import Follower
from hub.broadcast.hints import Hints
from hub.broadcast.layer import BATCH, NUMBERED, Batch, Ephemerals, Message, Numbered
from hub.broadcast.signing import Verifier
from hub.concurrency.token_bucket import TokenBucket
from hub.concurrency.warn_once import WarnOnce
from hub.errors import ForeignMessage
from hub.log.readable import readable

logger = logging.getLogger("hub.follower")

SILENCE = 3.0  # seconds without our own heartbeat: the hints are silent, connect again
RECONNECTS = 3  # in a row without a word; then join again
RETRY = 1.0  # seconds until joining that failed is tried again
REJOIN = 3_600.0  # seconds; a layer forgets its members after a day
HINTED_READS = 4  # reads of the log per second that messages cause which cannot be believed


class Listener:
    """One per process. `run` listens for as long as the hub runs."""

    def __init__(self, *, hints: Hints, process: str, follower: Follower) -> None:
        self._hints = hints
        self._process = process
        self._follower = follower
        self._verifier = Verifier()
        self._hinted_reads = TokenBucket(HINTED_READS, HINTED_READS)
        self._once = WarnOnce(logger)

    async def run(self) -> None:
        """Listen. Join again when hints fail or are silent, and before a layer forgets us."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout(SILENCE):
                    await self._hints.join()
                self._follower.read_soon()
                try:
                    await self._listen(until=loop.time() + REJOIN)
                except Exception as error:
                    self._degrade(error)  # Before leaving, which a silent layer holds up.
                    raise
                finally:
                    async with asyncio.timeout(RETRY):
                        await self._hints.leave()
            except Exception as error:  # They may raise anything; the log is still read.
                self._degrade(error)
                await self._reconnect()
                await asyncio.sleep(RETRY)

    async def _reconnect(self) -> None:
        try:
            async with asyncio.timeout(RETRY):
                await self._hints.reconnect()
        except Exception as error:
            text = "cannot reconnect %s"
            self._once.warn(type(error).__name__, text, self._hints.name, error=error)

    def _degrade(self, error: Exception) -> None:
        if not self._follower.degraded:
            logger.warning("%s is silent, polling the log: %r", self._hints.name, error)
        self._follower.degraded = True

    async def _listen(self, until: float) -> None:
        """Until it is time to join again. Raises TimeoutError when it stays silent.

        It is never silent when it works: our own heartbeat comes back every second. What others
        send proves nothing: it may come from another deployment, and ours may reach nobody.

        At first only a layer's connections are made anew, which keeps the membership: to leave and
        to join take answers, for which a silent layer makes us wait.
        """
        loop = asyncio.get_running_loop()
        silent, silences = loop.time() + SILENCE, 0
        receiving: asyncio.Task[Any] | None = None
        try:
            while loop.time() < until:
                receiving = receiving or asyncio.ensure_future(self._hints.receive())
                await asyncio.wait({receiving}, timeout=max(0.0, silent - loop.time()))
                if receiving.done():
                    sent, receiving = receiving.result(), None
                    if self._take(sent, loop.time()):
                        silent, silences = loop.time() + SILENCE, 0
                elif loop.time() >= silent:
                    silences += 1
                    if silences > RECONNECTS:
                        raise TimeoutError("nothing came through it")
                    self._degrade(TimeoutError("nothing came through it"))
                    await self._reconnect()
                    silent = loop.time() + SILENCE
        finally:
            if receiving is not None:
                receiving.cancel()
                await asyncio.wait({receiving}, timeout=RETRY)

    def _take(self, sent: Any, now: float) -> bool:
        """Hand a message to the follower; return whether it is our own: hints work."""
        try:
            message = self._verifier.verify(sent)
        except ForeignMessage as error:
            self._once.warn(str(error), "dropping messages of %s: %s", self._hints.name, error)
            self._hint(sent, now)
            return False
        is_own = message.process == self._process
        if is_own and self._follower.degraded:
            logger.warning("%s works again", self._hints.name)
            self._follower.degraded = False
        self._receive(message)
        return is_own

    def _hint(self, sent: Any, now: float) -> None:
        """A batch of this log that cannot be believed still hints that there may be events.

        During a deploy, another version of the hub sends such batches. Forged ones must not keep
        every process reading the log, so their number is bounded.
        """
        claimed = (sent.get("type"), sent.get("epoch")) if isinstance(sent, dict) else None
        types = [(name, self._follower.epoch) for name in (BATCH, NUMBERED)]
        if claimed in types and self._hinted_reads.take(1, now):
            self._follower.read_soon()

    def _receive(self, message: Message) -> None:
        if self._follower.epoch and message.epoch != self._follower.epoch:
            return  # Another deployment on the same Redis or database, or an earlier log.
        if isinstance(message, Batch):
            rows = [readable(row) for row in message.rows]  # another version may have sent it
            self._follower.offer(msgspec.structs.replace(message, rows=rows))
        elif message.process == self._process:
            return  # The relay has handed it over already.
        elif isinstance(message, Numbered):
            if message.last > self._follower.position:
                self._follower.read_soon()
        elif isinstance(message, Ephemerals):
            for event in message.events:
                self._follower.offer_ephemeral(event)
