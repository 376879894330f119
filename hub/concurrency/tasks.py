"""Background tasks whose errors are logged and whose end is awaited."""

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from typing import Any

logger = logging.getLogger("hub")

PATIENCE = 1.0  # seconds until a task that goes on is cancelled again


async def cancel_all(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel the tasks, and wait until all have ended.

    Again and again: a library's `asyncio.wait_for` may lose a cancellation that comes together with
    what it waits for (before Python 3.12), and the task would go on for good.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        ended, pending = await asyncio.wait(pending, timeout=PATIENCE)
        for task in ended:
            if not task.cancelled():
                task.exception()  # retrieved: whoever cancels does not ask


class Tasks:
    """Keeps the tasks it spawned, logs what they raise, and ends them with `cancel`."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("%s failed", task.get_name(), exc_info=task.exception())

    async def cancel(self) -> None:
        """Cancel all tasks except the caller's own, and wait until they have ended."""
        await cancel_all(self._running - {asyncio.current_task()})
