"""Stores what this process measured, every few seconds and never in a request."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from django.db import Error

from hub.concurrency.warn_once import WarnOnce
from hub.errors import PolicyHangs
from hub.metrics import measured
from hub.metrics.sample import MetricsSample
from hub.metrics.spans import Spans

COMPACTED = 60.0  # seconds between two looks at what has grown old

Run = Callable[..., Awaitable[Any]]


class Keeper:
    """`run(work, *arguments)` calls `work` in a database thread. `process` names this one."""

    def __init__(self, run: Run, process: str, clock: Callable[[], float] = time.time) -> None:
        self._run_in_thread = run
        self._process = process
        self._clock = clock
        self._spans = Spans(clock)
        self._is_finished = asyncio.Event()
        self._compacted = 0.0
        self._once = WarnOnce(logging.getLogger("hub"))

    def add(self, sample: MetricsSample) -> None:
        """Count a sample of this process."""
        if self._spans.add(sample):
            self._is_finished.set()

    async def run(self) -> None:
        """Store each span when it is over, until cancelled."""
        while True:
            await self._is_finished.wait()
            self._is_finished.clear()
            await self.store()

    async def store(self, *, all: bool = False) -> None:
        """Store the finished spans, or `all`. What the database refuses is tried again later."""
        spans = self._spans.take(all=all)
        try:
            if spans:
                await self._run_in_thread(measured.store, spans, self._process)
            if self._clock() - self._compacted >= COMPACTED:
                self._compacted = self._clock()
                await self._run_in_thread(measured.compact, self._clock())
        except (Error, PolicyHangs) as error:
            self._spans.give_back(spans)
            self._once.warn("store", "figures of requests cannot be stored now: %s", error)
