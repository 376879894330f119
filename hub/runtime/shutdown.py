"""The end of a server process: SIGTERM tells every client to reconnect before the server ends.

Daphne cancels every application at once: a browser would see a lost network, and code that a
consumer runs at its cancellation may not finish. A signal handler runs first on every server.
"""

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from types import FrameType
from typing import Any

from hub.sockets import close_codes
from hub.sockets.registry import ConnectionRegistry

logger = logging.getLogger("hub")

GOODBYE_TIMEOUT = 2.0  # seconds for the clients to leave and the requests to end
CANCEL_TIMEOUT = 2.0  # seconds for a cancelled request or socket to end
SHUTDOWN_POLL = 0.05  # seconds between two looks at the connections that are left


class Shutdown:
    """Says goodbye to every client before the server handles SIGTERM.

    `begun` is true from the first signal on; a second signal ends the server at once. Python
    delivers signals to the main thread only: elsewhere (runserver's reloader) `install` does
    nothing. Every request and socket runs inside `serving()`, so that the end waits for it, for a
    bounded time. Once `over` is true, nothing new is served. `give_back` is awaited last, because
    Daphne ends without cancelling the tasks that would do it.
    """

    def __init__(
        self,
        connections: ConnectionRegistry,
        give_back: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.begun = False
        self.over = False
        self._connections = connections
        self._give_back = give_back
        self._previous: Any = None
        self._installed: Callable[[int, FrameType | None], None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._serving: set[asyncio.Task[Any]] = set()

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Wraps one request or socket: the end waits for it, and cancels it when it is late.

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
        """Take over SIGTERM. Call it in the event loop that serves."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._loop = asyncio.get_running_loop()
        self._previous = signal.getsignal(signal.SIGTERM)
        self._installed = self._on_signal
        signal.signal(signal.SIGTERM, self._installed)

    def remove(self) -> None:
        """Restore the previous handler, unless another one was installed since."""
        if self._installed is None or threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGTERM) == self._installed:
            signal.signal(signal.SIGTERM, self._previous)
        self._installed = None

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.begun or self._loop.is_closed():
            self._call_previous(number, frame)
            return
        self.begun = True
        self._loop.call_soon_threadsafe(self._begin, number)

    def _begin(self, number: int) -> None:
        self._task = self._loop.create_task(self._say_goodbye(number), name="hub.shutdown")

    async def _say_goodbye(self, number: int) -> None:
        logger.info("SIGTERM: saying goodbye to %d connections", len(self._connections))
        deadline = time.monotonic() + GOODBYE_TIMEOUT
        await self._connections.end_all(close_codes.RESTART)
        while not self._connections.is_empty and time.monotonic() < deadline:
            await asyncio.sleep(SHUTDOWN_POLL)
        self.over = True
        if self._serving:  # requests, and sockets whose clients stay
            left = max(SHUTDOWN_POLL, deadline - time.monotonic())
            _, late = await asyncio.wait(tuple(self._serving), timeout=left)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=CANCEL_TIMEOUT)
        await self._give_back_in_time()
        self._call_previous(number, None)

    async def _give_back_in_time(self) -> None:
        if self._give_back is None:
            return
        try:
            async with asyncio.timeout(CANCEL_TIMEOUT):
                await self._give_back()
        except Exception as error:  # The server must end whatever happens to its database.
            logger.warning("the worker's lease was not given back: %r", error)

    def _call_previous(self, number: int, frame: FrameType | None) -> None:
        self.remove()
        if callable(self._previous):
            self._previous(number, frame)
        elif self._previous != signal.SIG_IGN:
            os.kill(os.getpid(), number)
