"""A deploy: on SIGTERM everybody is told to come back before the server ends.

Daphne cancels every application at once, so a browser would see a lost network, and nothing that
the consumer does then is sure to run. A signal handler comes first on every server.
"""

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from hub.sockets import close_codes
from hub.sockets.registry import ConnectionRegistry

logger = logging.getLogger("hub")

PATIENCE = 2.0  # seconds for the clients to go
LOOK = 0.05  # seconds between two looks at who is left


class Shutdown:
    """Puts a goodbye in front of what the server does on SIGTERM.

    `begun` is true from the first signal on; a second one ends the server at once. Signals can
    only be taken in the main thread: elsewhere (runserver's reloader) `install` does nothing.
    Whatever is served is served in `serving()`, so that it is waited for, and nothing holds up the
    end. From `over` on nothing is served any more: the server software takes its last steps.
    """

    def __init__(self, connections: ConnectionRegistry) -> None:
        self.begun = False
        self.over = False
        self._connections = connections
        self._previous: Any = None
        self._installed: Callable[[int, FrameType | None], None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._serving: set[asyncio.Task[Any]] = set()

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Around one socket or request; ends it quietly where it does not end by itself in time.

        Daphne leaves such a task pending when it ends, and CPython 3.11 then crashes (SIGSEGV) as
        it collects the queue that the task waits for.
        """
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if not self.begun:
                raise
        finally:
            self._serving.discard(task)

    def install(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        self._loop = asyncio.get_running_loop()
        self._previous = signal.getsignal(signal.SIGTERM)
        self._installed = self._take
        signal.signal(signal.SIGTERM, self._installed)

    def remove(self) -> None:
        """Give the signal back, unless somebody has taken it since."""
        if self._installed is None or threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGTERM) == self._installed:
            signal.signal(signal.SIGTERM, self._previous)
        self._installed = None

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.begun or self._loop.is_closed():
            self._hand_on(number, frame)
            return
        self.begun = True
        self._loop.call_soon_threadsafe(self._begin, number)

    def _begin(self, number: int) -> None:
        self._task = self._loop.create_task(self._say_goodbye(number), name="hub.shutdown")

    async def _say_goodbye(self, number: int) -> None:
        logger.info("SIGTERM: saying goodbye to %d connections", len(self._connections))
        deadline = time.monotonic() + PATIENCE
        await self._connections.end_all(close_codes.RESTART)
        while not self._connections.is_empty and time.monotonic() < deadline:
            await asyncio.sleep(LOOK)
        self.over = True
        if self._serving:  # requests, and sockets whose client does not go
            left = max(LOOK, deadline - time.monotonic())
            _, late = await asyncio.wait(tuple(self._serving), timeout=left)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=PATIENCE)
        self._hand_on(number, None)

    def _hand_on(self, number: int, frame: FrameType | None) -> None:
        self.remove()
        if callable(self._previous):
            self._previous(number, frame)
        elif self._previous != signal.SIG_IGN:
            os.kill(os.getpid(), number)
