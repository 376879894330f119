"""The runtime's own database threads.

The hub never uses the thread that Django's views share: a slow query there would stall every
socket. Its connections stay open between calls and are dropped when they turn out to be broken.
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


class DatabaseThreads:
    """A few threads that run database work for the event loop."""

    def __init__(self, name: str, threads: int) -> None:
        self._threads = threads
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of `work(*args, **kwargs)`; database errors are raised unchanged.

        Where the thread's connection turns out to be lost, the work runs again, once, on a new
        one: it must be fit for that, as everything is that a crash may interrupt.

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
        # The database was restarted while the connection lay idle. What runs here may be repeated,
        # and whoever comes long after an outage must not be turned away for it.
        try:
            return work(*args, **kwargs)
        except (OperationalError, InterfaceError):
            _close_connections()
            raise

    async def close(self) -> None:
        """Close every thread's connections; a test database can be dropped afterwards."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        # One task a thread, none done before all have begun: so each thread gets one.
        everyone = threading.Barrier(self._threads)

        def close_own() -> None:
            with contextlib.suppress(threading.BrokenBarrierError):
                everyone.wait(timeout=5)
            _close_connections()

        for closed in [self._executor.submit(close_own) for _ in range(self._threads)]:
            closed.result()
        self._executor.shutdown()


def _close_connections() -> None:
    for connection in connections.all(initialized_only=True):
        with contextlib.suppress(OperationalError, InterfaceError):
            connection.close()
