"""Takes a sample of the meter once a second and sends it."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable

from hub.metrics.meter import Meter
from hub.metrics.sample import TOPIC, MetricsSample, sample_of

INTERVAL = 1.0  # seconds between two samples

logger = logging.getLogger(__name__)


def process_name() -> str:
    """Host and process id, which name a process within a cluster."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Sampler:
    """Sends one sample per second while `run` is running.

    `send(event, topic)` is called in the event loop and must not block. An exception it raises is
    logged and costs that one sample. `clock` gives seconds that never run backwards.
    """

    def __init__(
        self,
        meter: Meter,
        send: Callable[[MetricsSample, str], None],
        *,
        process: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._meter = meter
        self._send = send
        self._process = process or process_name()
        self._clock = clock
        self._sleep = sleep
        self._taken = clock()

    async def run(self) -> None:
        """Sample until cancelled. Samples that a blocked loop missed are left out."""
        self._taken = self._clock()
        due = self._taken + INTERVAL
        while True:
            await self._sleep(max(0.0, due - self._clock()))
            now = self._clock()
            self._send_one()
            # From the due time, not from now: otherwise every second would be a little too long.
            due += INTERVAL * max(1, 1 + (now - due) // INTERVAL)

    def take(self) -> MetricsSample:
        """A sample of the time since the last one, which is not sent."""
        now = self._clock()
        seconds, self._taken = now - self._taken, now
        return sample_of(
            self._meter.take(),
            process=self._process,
            seconds=seconds,
            in_flight=self._meter.in_flight,
        )

    def _send_one(self) -> None:
        try:
            self._send(self.take(), TOPIC)
        except Exception:
            logger.exception("a sample of the request metrics could not be sent")
