"""The listener: takes what comes through the channel layer, and hands it to the follower.

Whatever happens to the layer, the follower reads the log. The listener says how often: while the
layer is silent, the follower is `degraded`.
"""

import asyncio
import logging
from typing import Any

import msgspec
from channels.layers import BaseChannelLayer

from hub.broadcast.follower import Follower
from hub.broadcast.layer import BATCH, GROUP, Batch, Ephemerals, Message
from hub.broadcast.reconnecting import reconnect
from hub.broadcast.signing import Verifier
from hub.concurrency.token_bucket import TokenBucket
from hub.concurrency.warn_once import WarnOnce
from hub.errors import ForeignMessage
from hub.log.readable import readable

logger = logging.getLogger("hub.follower")

SILENCE = 3.0  # seconds without our own heartbeat: the layer is silent, connect again
RECONNECTS = 3  # in a row without a word; then join again
RETRY = 1.0  # seconds until a failed subscription to the layer is tried again
REJOIN = 3_600.0  # seconds; a layer forgets its members after a day
HINTED_READS = 4  # reads of the log per second that messages cause which cannot be believed


class Listener:
    """One per process. `run` listens for as long as the hub runs."""

    def __init__(self, *, layer: BaseChannelLayer, process: str, follower: Follower) -> None:
        self._layer = layer
        self._process = process
        self._follower = follower
        self._verifier = Verifier()
        self._hinted_reads = TokenBucket(HINTED_READS, HINTED_READS)
        self._once = WarnOnce(logger)

    async def run(self) -> None:
        """Listen to the layer. Join again when it fails or is silent, and before it forgets us."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout(SILENCE):
                    channel = await self._layer.new_channel()
                    await self._layer.group_add(GROUP, channel)
                self._follower.read_soon()
                try:
                    await self._listen(channel, until=loop.time() + REJOIN)
                except Exception as error:
                    self._degrade(error)  # Before leaving, which a silent layer holds up.
                    raise
                finally:
                    async with asyncio.timeout(RETRY):
                        await self._layer.group_discard(GROUP, channel)
            except Exception as error:  # A layer may raise anything; the log is still read.
                self._degrade(error)
                await self._reconnect()
                await asyncio.sleep(RETRY)

    async def _reconnect(self) -> None:
        try:
            async with asyncio.timeout(RETRY):
                await reconnect(self._layer)
        except Exception as error:
            self._once.warn(type(error).__name__, "cannot reconnect the channel layer", error=error)

    def _degrade(self, error: Exception) -> None:
        if not self._follower.degraded:
            logger.warning("the channel layer is silent, polling the log: %r", error)
        self._follower.degraded = True

    async def _listen(self, channel: str, until: float) -> None:
        """Until it is time to join again. Raises TimeoutError when the layer stays silent.

        It is never silent when it works: our own heartbeat comes back every second. What others
        send proves nothing: it may come from another deployment, and ours may reach nobody.

        At first only its connections are made anew, which keeps the membership: to leave and to
        join take answers, for which a silent layer makes us wait.
        """
        loop = asyncio.get_running_loop()
        silent, silences = loop.time() + SILENCE, 0
        receiving: asyncio.Task[Any] | None = None
        try:
            while loop.time() < until:
                receiving = receiving or asyncio.ensure_future(self._layer.receive(channel))
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
        """Hand a message to the follower; return whether it is our own: the layer works."""
        try:
            message = self._verifier.verify(sent)
        except ForeignMessage as error:
            self._once.warn(str(error), "dropping messages of the channel layer: %s", error)
            self._hint(sent, now)
            return False
        is_own = message.process == self._process
        if is_own and self._follower.degraded:
            logger.warning("the channel layer works again")
            self._follower.degraded = False
        self._receive(message)
        return is_own

    def _hint(self, sent: Any, now: float) -> None:
        """A batch of this log that cannot be believed still hints that there may be events.

        During a deploy, another version of the hub sends such batches. Forged ones must not keep
        every process reading the log, so their number is bounded.
        """
        claimed = (sent.get("type"), sent.get("epoch")) if isinstance(sent, dict) else None
        if claimed == (BATCH, self._follower.epoch) and self._hinted_reads.take(1, now):
            self._follower.read_soon()

    def _receive(self, message: Message) -> None:
        if self._follower.epoch and message.epoch != self._follower.epoch:
            return  # Another deployment on the same Redis, or an earlier log.
        if isinstance(message, Batch):
            rows = [readable(row) for row in message.rows]  # another version may have sent it
            self._follower.offer(msgspec.structs.replace(message, rows=rows))
        elif isinstance(message, Ephemerals) and message.process != self._process:
            for event in message.events:
                self._follower.offer_ephemeral(event)
