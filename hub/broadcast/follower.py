"""The follower: one per process, it reads the log to its head and keeps following it.

Batches from the channel layer are hints that make it fast. The database, asked once a second and
whenever a position is missing, makes it complete. Only one task moves the position.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from django.db import Error as DatabaseError

from hub import log
from hub.broadcast.fanout import Fanout
from hub.broadcast.layer import Batch, Ephemeral
from hub.broadcast.queues import BatchQueue, EphemeralQueue
from hub.broadcast.ring import Entry, Ring, entry_of, ephemeral_entry
from hub.broadcast.run import stretches
from hub.concurrency.threads import DatabaseThreads
from hub.log.epoch import renew_epoch, renew_epoch_if_foreign
from hub.log.row import Row

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger("hub.follower")

POLL = 1.0  # seconds between two looks at the log's head
POLL_DEGRADED = 0.25  # the same, while the layer is silent
HOLE_WAIT = 0.05  # seconds to wait for an overtaken batch before reading the log
SHOW_INTERVAL = 0.05  # seconds between two showings of ephemeral events; only the newest are shown
MAX_AHEAD = 16  # batches beyond a hole, of at most 1 MiB each
DATABASE_PATIENCE = 3.0  # seconds the database may take to answer before the process is not ready


class Follower:
    """Follows the log; every event up to `position` is in `ring` and was handed to the fan-out.

    `preload`: how many events, and bytes of them, the ring is filled with at the start.
    `unnumbered` is set when there are rows without a position, `on_epoch` is called when the log
    has become another one.
    """

    def __init__(
        self,
        *,
        database: DatabaseThreads,
        ring: Ring,
        fanout: Fanout,
        preload: tuple[int, int],
        unnumbered: asyncio.Event,
        on_epoch: Callable[[], None],
    ) -> None:
        self._database = database
        self._fanout = fanout
        self._preload = preload
        self._unnumbered = unnumbered
        self._on_epoch = on_epoch
        self._hints = BatchQueue()
        self._ahead: dict[int, Batch] = {}
        self._delivering: list[Entry] | None = None
        self._ephemerals = EphemeralQueue()
        self._showing: asyncio.TimerHandle | None = None
        self._show_due = False
        self._shown_at = 0.0
        self._wake = asyncio.Event()
        self._read_due = True
        self._hole: asyncio.TimerHandle | None = None
        self._advanced = asyncio.Condition()
        self._reads = True
        self._asked: float | None = None  # since when an answer of the database is awaited
        self.degraded = False  # set by the listener: the layer is silent, events come by polling
        self.ring = ring
        self.epoch = ""
        self.position = 0
        self.ready = asyncio.Event()

    @property
    def is_healthy(self) -> bool:
        """It has begun, its last read of the log succeeded, and no read takes too long now."""
        waits = self._asked is not None and time.monotonic() - self._asked > DATABASE_PATIENCE
        return self.ready.is_set() and self._reads and not waits

    # Hints, from other tasks of this loop

    def read_soon(self) -> None:
        """Read the log now instead of at the next poll."""
        self._read_due = True
        self._wake.set()

    def offer(self, batch: Batch) -> None:
        """Take a batch of the layer; where it pushes another one out, the log is read instead."""
        if not self._hints.append(batch):
            self._read_due = True
        self._wake.set()

    def offer_ephemeral(self, event: Ephemeral) -> None:
        """Show an ephemeral event soon: one of a kind that comes often waits for a newer one."""
        self._ephemerals.put(event)
        if self._showing is None:
            loop = asyncio.get_running_loop()
            due = max(loop.time(), self._shown_at + SHOW_INTERVAL)
            self._showing = loop.call_at(due, self._show_now)

    def _show_now(self) -> None:
        self._showing, self._show_due = None, True
        self._wake.set()

    async def reached(self, position: int) -> None:
        """Wait until this process has followed the log up to a position."""
        async with self._advanced:
            await self._advanced.wait_for(lambda: self.position >= position)

    # The two tasks

    async def run_polling(self) -> None:
        while True:
            await asyncio.sleep(POLL_DEGRADED if self.degraded else POLL)
            self.read_soon()

    async def run(self) -> None:
        """Follow the log. Started again after it was interrupted, it completes what it was at."""
        self.read_soon()
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._follow()
            except DatabaseError as error:
                if self._reads:
                    logger.warning("cannot read the log, trying again: %s", error)
                self._reads = False
            except Exception:  # If this task ended, the process would deliver nothing.
                logger.exception("following the log failed, trying again")
                self._reads = False

    async def _follow(self) -> None:
        if not self.ready.is_set():
            await self._begin()
        if self._delivering is not None:
            await self._deliver(self._delivering)
        await self._take_hints()
        if self._read_due:
            self._read_due = False
            await self._read()
        if self._show_due:
            self._show_due = False
            await self._show()

    async def _ask(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        self._asked = time.monotonic()
        try:
            return await self._database.run(work, *args, **kwargs)
        finally:
            self._asked = None

    async def _begin(self) -> None:
        await self._ask(renew_epoch_if_foreign)
        state = await self._ask(log.state)
        rows = await self._ask(log.newest, state.head, *self._preload)
        self._restart(state, rows)
        self.ready.set()

    def _restart(self, state: log.State, rows: Sequence[Row]) -> None:
        self.epoch = state.epoch
        # Complete above the oldest row that was read; above the head if there is none.
        self.ring.reset(rows[0].position - 1 if rows else state.head)
        for row in rows:
            self.ring.append(entry_of(row))
        self.position = self._fanout.decided = state.head
        self._ahead.clear()

    async def _take_hints(self) -> None:
        """Use the batches that wait now; later ones wake the follower again."""
        for _ in range(len(self._hints)):
            if not self._hints:
                break  # A newer batch has pushed the rest out while one was used.
            batch = self._hints.popleft()
            if batch.epoch != self.epoch:
                continue
            if batch.first <= self.position + 1:
                await self._use(batch)
                await self._use_ahead()
            elif len(self._ahead) < MAX_AHEAD:
                self._ahead[batch.first] = batch
            else:
                self._read_due = True
        if self._ahead:
            self._expect_the_missing()

    async def _use(self, batch: Batch) -> None:
        await self._advance([r for r in batch.rows if r.position > self.position], batch.last)

    async def _use_ahead(self) -> None:
        """Use the batches behind a hole that has been filled."""
        for first in sorted(self._ahead):
            if first > self.position + 1:
                return
            await self._use(self._ahead.pop(first))

    def _expect_the_missing(self) -> None:
        """Batches of two processes often overtake each other: wait a moment, then read."""
        if self._hole is None:
            self._hole = asyncio.get_running_loop().call_later(HOLE_WAIT, self._hole_is_real)

    def _hole_is_real(self) -> None:
        self._hole = None
        if self._ahead:
            self.read_soon()

    async def _read(self) -> None:
        state = await self._ask(log.state)
        if state.waiting:
            self._unnumbered.set()
        if state.epoch != self.epoch:
            rows = await self._ask(log.newest, state.head, *self._preload)
            self._restart(state, rows)
            self._on_epoch()
        elif state.head < self.position:
            # Fewer positions than we saw: this database was restored, and is now another log.
            logger.error(
                "the log ends at %d, but %d was seen: declaring a new epoch",
                state.head,
                self.position,
            )
            await self._ask(renew_epoch)
            self.read_soon()
        while self.position < state.head:
            rows = await self._ask(log.page, self.position, state.head)
            # A position at or below the head without a row was removed: nothing to wait for.
            upto = rows[-1].position if len(rows) == log.PAGE else state.head
            await self._advance(rows, upto)
        self._reads = True
        await self._use_ahead()

    async def _advance(self, rows: Sequence[Row], upto: int) -> None:
        for stretch in stretches(entry_of(row) for row in rows):
            for entry in stretch:
                self.ring.append(entry)
            self.position = stretch[-1].position
            await self._deliver(stretch)
        self.position = self._fanout.decided = max(self.position, upto)
        async with self._advanced:
            self._advanced.notify_all()

    async def _deliver(self, entries: list[Entry]) -> None:
        """Where this is interrupted, the rest of the connections gets them the next time."""
        self._delivering = entries
        await self._fanout.deliver(entries)
        self._delivering = None

    async def _show(self) -> None:
        self._shown_at = asyncio.get_running_loop().time()
        events = self._ephemerals.take_all()
        await self._fanout.show([ephemeral_entry(one.topic, one.type, one.tail) for one in events])
