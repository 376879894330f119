"""Supervises the tasks that must run for as long as the process serves."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from hub.concurrency.tasks import cancel_all

logger = logging.getLogger("hub")

RESTART_DELAY = 1.0  # seconds until a task that has ended is started again
STEADY = 2.0  # seconds that it must run after that to count as well

Work = Callable[[], Coroutine[Any, Any, None]]


class Supervisor:
    """Starts a task again that ends, raises or is cancelled by others, and logs each time.

    There is no supervising task, which could be cancelled too: the tasks' own callbacks do it.
    """

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._unwell: set[str] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._stopped = False

    @property
    def is_well(self) -> bool:
        """Whether every task runs, and none has ended in the last seconds."""
        return not self._unwell

    def supervise(self, work: Work, name: str) -> None:
        """Run `work()` until `stop`; each restart calls it again."""
        task = asyncio.get_running_loop().create_task(work(), name=name)
        self._tasks[name] = task
        task.add_done_callback(lambda task: self._ended(task, work, name))

    def _ended(self, task: asyncio.Task[None], work: Work, name: str) -> None:
        if self._stopped:
            return
        error = None if task.cancelled() else task.exception()
        reason = "was cancelled" if task.cancelled() else "failed" if error else "ended"
        logger.error("%s %s unexpectedly, starting it again", name, reason, exc_info=error)
        self._unwell.add(name)
        self._later(name, RESTART_DELAY, lambda: self._restart(work, name))

    def _restart(self, work: Work, name: str) -> None:
        self.supervise(work, name)
        self._later(name, STEADY, lambda: self._recovered(name))

    def _recovered(self, name: str) -> None:
        logger.warning("%s is well again", name)
        self._unwell.discard(name)
        del self._timers[name]

    def _later(self, name: str, delay: float, action: Callable[[], None]) -> None:
        """Do this instead of what is planned for the task now."""
        if name in self._timers:
            self._timers[name].cancel()
        self._timers[name] = asyncio.get_running_loop().call_later(delay, action)

    async def stop(self) -> None:
        """Cancel all tasks for good, and wait until they have ended."""
        self._stopped = True
        for timer in self._timers.values():
            timer.cancel()
        await cancel_all(self._tasks.values())
