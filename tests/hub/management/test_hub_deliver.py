"""A worker process keeps its worker, whatever ends it."""

import asyncio
import io

import pytest

from hub.concurrency import supervisor
from hub.management.commands.hub_deliver import Command
from tests.rig.wait import async_wait_until


class MortalWorker:
    """Meets its fate in its first run, and then works until it is cancelled."""

    class lease:
        holder = "host:1"

    def __init__(self, fate):
        self.fate = fate
        self.starts = 0

    async def run(self):
        self.starts += 1
        if self.starts > 1:
            await asyncio.Event().wait()
        if self.fate is not None:
            raise self.fate


@pytest.mark.parametrize(
    ("fate", "reason"),
    [
        (None, "hub.worker ended unexpectedly"),
        (LookupError("broken"), "hub.worker failed unexpectedly"),
        (asyncio.CancelledError(), "hub.worker was cancelled unexpectedly"),
    ],
)
async def test_a_worker_process_starts_its_worker_again(monkeypatch, caplog, fate, reason):
    monkeypatch.setattr(supervisor, "RESTART_DELAY", 0.01)
    worker = MortalWorker(fate)
    process = asyncio.create_task(Command(stdout=io.StringIO())._run(worker))
    try:
        await async_wait_until(lambda: worker.starts == 2)
        assert reason in caplog.text
    finally:
        process.cancel()
        await asyncio.wait([process])
