import asyncio

from hub.concurrency.tasks import Tasks


async def test_an_error_of_a_task_is_logged_with_its_name(caplog):
    tasks = Tasks()

    async def fail():
        raise LookupError("nobody awaits this")

    task = tasks.spawn(fail(), "hub.example")
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert "hub.example failed" in caplog.text
    assert "nobody awaits this" in caplog.text
    assert len(tasks) == 0


async def test_cancel_waits_until_every_task_has_ended():
    tasks, ended = Tasks(), []

    async def wait(name):
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(name)

    for name in "abc":
        tasks.spawn(wait(name), name)
    await asyncio.sleep(0)
    await tasks.cancel()
    assert sorted(ended) == ["a", "b", "c"]
    assert len(tasks) == 0


async def test_a_task_can_cancel_the_others_and_go_on():
    tasks, done = Tasks(), asyncio.Event()

    async def end_the_others():
        await tasks.cancel()
        done.set()

    other = tasks.spawn(asyncio.Event().wait(), "other")
    tasks.spawn(end_the_others(), "last")
    await asyncio.wait_for(done.wait(), 5)
    assert other.cancelled()
