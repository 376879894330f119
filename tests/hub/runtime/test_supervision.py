"""A process whose long-lived tasks are disturbed recovers, and is not ready meanwhile."""

import asyncio

import pytest

from hub.broadcast import fanout
from hub.concurrency import supervisor
from hub.runtime.application import HubApplication
from hub.sockets.consumer import HubConsumer
from hub.worker import worker
from tests.hub.site import Site, SitePolicy
from tests.rig.wait import async_wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick_restarts(monkeypatch):
    monkeypatch.setattr(supervisor, "RESTART_DELAY", 0.01)
    monkeypatch.setattr(supervisor, "STEADY", 0.2)


def tasks_of_the_hub():
    return {task.get_name(): task for task in asyncio.all_tasks() if not task.done()}


TASKS = [
    "hub.follower",
    "hub.follower.polling",
    "hub.heartbeat",
    "hub.keeper",
    "hub.listener",
    "hub.pages",
    "hub.rechecking",
    "hub.relay.beating",
    "hub.relay.draining",
    "hub.relay.sending",
    "hub.sampler",
    "hub.statements",
]
# What the worker's loops are called by: each has a task without a name.
STEPS = ["_renew", "work", "remove_old", "send"]


async def test_these_are_all_tasks_of_a_process(site: Site):
    assert sorted(site.runtime._supervisor._tasks) == TASKS


@pytest.mark.parametrize("step", STEPS)
async def test_a_worker_that_loses_one_of_its_loops_runs_again(step, caplog):
    application = HubApplication(HubConsumer.as_asgi(), policy=SitePolicy(), deliver=True)
    runtime = application.runtime()
    try:
        await async_wait_until(lambda: runtime.is_ready and is_working())
        loop = loops_of_the_worker()[step]
        loop.cancel()
        await async_wait_until(lambda: not runtime.is_ready)
        assert "hub.worker ended unexpectedly" in caplog.text
        await async_wait_until(lambda: runtime.is_ready and is_working())
    finally:
        await application.stop()


async def test_a_worker_that_fails_to_plan_keeps_its_process_from_readiness(monkeypatch):
    def plan(*arguments):
        raise RuntimeError("a bug in a means")

    monkeypatch.setattr(worker, "FAILING", 0.2)
    monkeypatch.setattr(worker, "POLL_INTERVAL", 0.05)
    application = HubApplication(HubConsumer.as_asgi(), policy=SitePolicy(), deliver=True)
    runtime = application.runtime()
    try:
        await async_wait_until(lambda: runtime.is_ready and is_working())
        with monkeypatch.context() as broken:
            broken.setattr(worker, "plan", plan)
            told = "the worker fails to plan deliveries, see its log"
            await async_wait_until(lambda: runtime.hindrance == told)
        await async_wait_until(lambda: runtime.is_ready)
    finally:
        await application.stop()


def is_working():
    return sorted(loops_of_the_worker()) == sorted(STEPS)


def loops_of_the_worker():
    tasks = [one for one in asyncio.all_tasks() if not one.done()]
    coroutines = {one: one.get_coro() for one in tasks}
    return {
        coroutine.cr_frame.f_locals["step"].__name__: one
        for one, coroutine in coroutines.items()
        if coroutine.__qualname__ == "Worker._repeat"
    }


@pytest.mark.parametrize("name", TASKS)
async def test_a_task_that_is_cancelled_from_outside_runs_again(site: Site, caplog, name):
    browser = await site.connect(topics=["open.1"])
    assert site.runtime.is_ready
    tasks_of_the_hub()[name].cancel()
    await async_wait_until(lambda: not site.runtime.is_ready)
    assert f"{name} was cancelled unexpectedly" in caplog.text
    await async_wait_until(lambda: site.runtime.is_ready)
    await site.tell("open.1", "after")
    assert await browser.texts(1) == ["after"]


class Saboteur:
    """A connection that cancels the follower once, as a middleware's time-out around `send` can."""

    def __init__(self):
        self.has_cancelled = False

    def deliver(self, run):
        if not self.has_cancelled:
            self.has_cancelled = True
            asyncio.current_task().cancel()

    def show(self, run):
        pass


async def test_a_follower_that_is_cancelled_while_it_delivers_completes_the_delivery(
    site: Site, monkeypatch
):
    monkeypatch.setattr(fanout, "YIELD_AFTER", 0)
    before = await site.connect(topics=["open.1"])
    site.runtime.fanout.subscribe(Saboteur(), ["open.1"])
    behind = await site.connect(topics=["open.1"])
    for text in "abc":
        await site.tell("open.1", text)
    for browser in (before, behind):
        assert await browser.texts(3) == ["a", "b", "c"]
