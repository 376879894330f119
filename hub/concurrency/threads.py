"""Threads for the hub's own database work.

The hub never uses the thread that Django's views share: a slow query there would stall every
socket. A thread keeps its connection between calls and drops it when it turns out to be broken.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connections

P = ParamSpec("P")
R = TypeVar("R")

CLOSE_TIMEOUT = 5.0  # seconds to wait for busy threads before closing the idle ones


class DatabaseThreads:
    """A fixed number of threads that run database work for the event loop."""

    def __init__(self, name: str, threads: int) -> None:
        self._threads = threads
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return `work(*args, **kwargs)`, run in one of the threads. Raises what the work raises.

        Work whose connection turns out to be lost runs once more, on a new connection. So it must
        be safe to repeat, as it must be anyway because a crash may interrupt it.

        A cancelled caller stops waiting; the work itself runs to its end.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: self._call(work, *args, **kwargs))

    def _call(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        kept = [one for one in connections.all(initialized_only=True) if one.connection is not None]
        try:
            return work(*args, **kwargs)
        except (OperationalError, InterfaceError):
            lost = any(one.connection is None or not one.is_usable() for one in kept)
            _close_connections()
            if not lost:
                raise
        # The database was restarted while the connection was idle: a client that comes long after
        # the outage must not be turned away because of it.
        try:
            return work(*args, **kwargs)
        except (OperationalError, InterfaceError):
            _close_connections()
            raise

    async def close(self) -> None:
        """Close every thread's connections, so that a test database can be dropped."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        # One task per thread. None ends before all have begun, so each thread gets exactly one.
        all_threads = threading.Barrier(self._threads)

        def close_own() -> None:
            with contextlib.suppress(threading.BrokenBarrierError):
                all_threads.wait(timeout=CLOSE_TIMEOUT)
            _close_connections()

        for closed in [self._executor.submit(close_own) for _ in range(self._threads)]:
            closed.result()
        self._executor.shutdown()


def _close_connections() -> None:
    for connection in connections.all(initialized_only=True):
        with contextlib.suppress(OperationalError, InterfaceError):
            connection.close()
