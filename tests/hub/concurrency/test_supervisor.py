"""Long-lived tasks never end in silence."""

import asyncio

import pytest

from hub.concurrency import supervisor as supervisor_module
from hub.concurrency import tasks
from hub.concurrency.supervisor import Supervisor
from tests.rig.wait import PATIENCE, async_wait_until


@pytest.fixture
async def supervisor(monkeypatch):
    monkeypatch.setattr(supervisor_module, "RESTART_DELAY", 0.01)
    monkeypatch.setattr(supervisor_module, "STEADY", 0.01)
    made = Supervisor()
    yield made
    await made.stop()


class Work:
    """Meets one fate per start, then runs until it is cancelled."""

    def __init__(self, *fates):
        self.fates = list(fates)
        self.starts = 0

    async def __call__(self):
        self.starts += 1
        if not self.fates:
            await asyncio.Event().wait()
        fate = self.fates.pop(0)
        if fate is not None:
            raise fate


@pytest.mark.parametrize(
    ("fate", "reason"),
    [
        (None, "hub.example ended unexpectedly"),
        (LookupError("broken"), "hub.example failed unexpectedly"),
        (asyncio.CancelledError(), "hub.example was cancelled unexpectedly"),
    ],
)
async def test_a_task_that_ends_is_logged_and_started_again(supervisor, caplog, fate, reason):
    work = Work(fate)
    supervisor.supervise(work, "hub.example")
    await async_wait_until(lambda: work.starts == 2)
    assert reason in caplog.text
    if isinstance(fate, LookupError):
        assert "LookupError: broken" in caplog.text


async def test_a_task_that_others_cancel_is_started_again(supervisor):
    work = Work()
    supervisor.supervise(work, "hub.example")
    await asyncio.sleep(0)
    next(task for task in asyncio.all_tasks() if task.get_name() == "hub.example").cancel()
    await async_wait_until(lambda: work.starts == 2)


async def test_all_is_well_again_only_when_the_task_has_run_for_a_while(supervisor, monkeypatch):
    monkeypatch.setattr(supervisor_module, "STEADY", 3_600.0)
    work = Work(None)
    supervisor.supervise(work, "hub.example")
    assert supervisor.is_well
    await async_wait_until(lambda: work.starts == 2)
    assert not supervisor.is_well
    monkeypatch.setattr(supervisor_module, "STEADY", 0.01)
    next(task for task in asyncio.all_tasks() if task.get_name() == "hub.example").cancel()
    await async_wait_until(lambda: supervisor.is_well)
    assert work.starts == 3


async def test_stopping_ends_the_tasks_for_good(supervisor, caplog):
    work = Work()
    supervisor.supervise(work, "hub.example")
    await asyncio.sleep(0)
    await supervisor.stop()
    assert [task for task in asyncio.all_tasks() if task.get_name() == "hub.example"] == []
    assert (work.starts, caplog.text) == (1, "")


async def test_a_task_that_misses_its_cancellation_is_cancelled_again(supervisor, monkeypatch):
    """As `asyncio.wait_for` does before Python 3.12, when the answer comes at that moment."""
    monkeypatch.setattr(tasks, "PATIENCE", 0.05)
    missed = []

    async def deaf():
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if missed:
                    raise
                missed.append("once")

    supervisor.supervise(deaf, "hub.example")
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        await supervisor.stop()
    assert missed == ["once"]
