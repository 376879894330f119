"""Threads for work that asks a project's policy, and may hang there.

A thread cannot be ended. What hangs is given up, and its thread is replaced: everything else goes
on. While the database does not answer, everything waits for it, and nothing is given up.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from hub.concurrency.threads import DatabaseThreads
from hub.errors import PolicyHangs

P = ParamSpec("P")
R = TypeVar("R")

POLICY_TIMEOUT = 10.0  # seconds that work may take once it runs, while the database answers
HANG_CHECK_INTERVAL = 1.0  # seconds between two looks at whether work hangs
MAX_ABANDONED = 3  # sets of threads with work that hangs; beyond it, no more are replaced


class PolicyThreads:
    """`threads` at a time do not hang. `is_database_well` says whether the database answers."""

    def __init__(self, name: str, threads: int, is_database_well: Callable[[], bool]) -> None:
        self._name = name
        self._threads = threads
        self._is_database_well = is_database_well
        self._present = DatabaseThreads(name, threads)
        self._abandoned: list[DatabaseThreads] = []
        self._hanging: list[tuple[DatabaseThreads, _Call]] = []

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As `DatabaseThreads.run`. Raises PolicyHangs where the work is given up."""
        while True:
            threads, call = self._present, _Call(lambda: work(*args, **kwargs))
            running = asyncio.ensure_future(threads.run(call))
            try:
                while not (await asyncio.wait({running}, timeout=HANG_CHECK_INTERVAL))[0]:
                    if call.has_taken(POLICY_TIMEOUT) and self._is_database_well():
                        self._give_up(threads, call)
                        raise PolicyHangs(f"work has not ended within {POLICY_TIMEOUT:.0f} s")
                    if call.begun is None and threads is not self._present:
                        break  # It waits behind work that hangs: begin anew.
                else:
                    result: R = running.result()
                    return result
            finally:
                running.cancel()

    async def close(self) -> None:
        """Close every thread's connections, except where work hangs."""
        for threads in (self._present, *self._abandoned):
            if not self._hanging_in(threads):
                await threads.close()

    def _give_up(self, threads: DatabaseThreads, call: "_Call") -> None:
        self._hanging.append((threads, call))
        lost = self._hanging_in(self._present)
        if lost * 2 >= self._threads and len(self._abandoned) < MAX_ABANDONED:
            self._abandoned.append(self._present)
            self._present = DatabaseThreads(self._name, self._threads)

    def _hanging_in(self, threads: DatabaseThreads) -> int:
        self._hanging = [(where, call) for where, call in self._hanging if not call.has_ended]
        return sum(where is threads for where, _ in self._hanging)


class _Call:
    """Work that says when it began and whether it has ended, to those who wait for it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self.begun: float | None = None
        self.has_ended = False

    def __call__(self) -> Any:
        self.begun = time.monotonic()
        try:
            return self._work()
        finally:
            self.has_ended = True

    def has_taken(self, seconds: float) -> bool:
        return self.begun is not None and time.monotonic() - self.begun > seconds
