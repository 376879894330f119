"""Threads for the hub's own database work.

The hub never uses the threads and connections of Django's views: a slow query there would stall
every socket. A thread keeps its connection while it is used, and gives it up when it is idle, lost,
read-only or silent.
"""

import asyncio
import atexit
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.db import Error, InterfaceError, OperationalError
from django.db import connections as django_connections
from django.db.backends.base.base import BaseDatabaseWrapper

from hub.concurrency import connections

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger("hub")

IDLE_TIMEOUT = 5.0  # seconds without work after which a thread closes its connection
SILENCE_LIMIT = 10.0  # seconds that the database may leave a call without an answer
EXIT_TIMEOUT = 15.0  # seconds for the calls in hand when the process ends


class DatabaseThreads:
    """Up to a fixed number of threads that run database work for the event loop.

    `silence`: seconds without an answer after which a call's connection is given up; None for
    calls that also wait for others than the database. With `pooled`, the connections are the
    project's, as pages have them.
    """

    def __init__(
        self,
        name: str,
        threads: int,
        *,
        silence: float | None = SILENCE_LIMIT,
        pooled: bool = False,
    ) -> None:
        self._name = name
        self._most = threads
        self._silence = silence
        self._pooled = pooled
        self._lock = threading.Lock()
        self._threads: list[_Thread] = []
        self._idle: list[_Thread] = []  # the last to become idle is the next to work
        self._waiting: deque[_Call] = deque()
        self._is_closed = False
        self._watch: asyncio.TimerHandle | None = None
        atexit.register(self._close, EXIT_TIMEOUT)

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return `work(*args, **kwargs)`, run in one of the threads. Raises what the work raises.

        Work whose connection turns out to be lost runs once more, on a new connection. So it must
        be safe to repeat, as it must be anyway because a crash may interrupt it.

        A cancelled caller stops waiting; work that has begun runs to its end.
        """
        call = _Call(partial(work, *args, **kwargs))
        self._submit(call)
        self._look_later()
        result: R = await asyncio.wrap_future(call.future)
        return result

    def _submit(self, call: "_Call") -> None:
        with self._lock:
            if self._is_closed:
                raise RuntimeError(f"the threads {self._name} are closed")
            if self._idle:
                self._idle.pop().inbox.put(call)
            elif len(self._threads) < self._most:
                name = f"{self._name}_{len(self._threads)}"
                self._threads.append(_Thread(name, self._next, pooled=self._pooled))
                self._threads[-1].start(call)
            else:
                self._waiting.append(call)

    def _next(self, thread: "_Thread") -> "_Call | None":
        """The call that has waited longest; with None the thread is idle and gets the next one."""
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._idle.append(thread)
            return None

    def _look_later(self) -> None:
        if self._silence is not None and self._watch is None:
            loop = asyncio.get_running_loop()
            self._watch = loop.call_later(self._silence / 10, self._look)

    def _look(self) -> None:
        """Give up the connections of calls that have waited for too long."""
        assert self._silence is not None
        self._watch = None
        oldest = time.monotonic() - self._silence
        for thread in self._threads:
            if thread.is_silent_since(oldest):
                text = "%s: no answer from the database for %g s, giving the connection up"
                logger.warning(text, self._name, self._silence)
                thread.cut()
        if len(self._idle) < len(self._threads):
            self._look_later()

    def abandon(self) -> None:
        """Leave the threads to themselves: one waits in a place that nothing can end."""
        atexit.unregister(self._close)

    async def close(self) -> None:
        """Finish the work and close every connection, so that a test database can be dropped."""
        await asyncio.to_thread(self._close)
        if self._watch is not None:
            self._watch.cancel()

    def _close(self, timeout: float | None = None) -> None:
        atexit.unregister(self._close)
        with self._lock:
            self._is_closed = True
        for thread in self._threads:
            thread.inbox.put(None)
        end = None if timeout is None else time.monotonic() + timeout
        for thread in self._threads:
            thread.join(None if end is None else max(0.0, end - time.monotonic()))


class _Call:
    """Work, and the future of what it returns."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.future: Future[Any] = Future()


class _Thread:
    """One thread with database connections of its own. `inbox`: its next call, or None: end."""

    def __init__(
        self, name: str, next_call: Callable[["_Thread"], _Call | None], *, pooled: bool
    ) -> None:
        self.inbox: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._next_call = next_call
        self._pooled = pooled
        self._connections: list[BaseDatabaseWrapper] = []
        self._pools: list[Any] = []
        self._opened = 0.0  # when the connections were opened, or a little earlier
        self._heard: float | None = None  # when the database last answered the call in hand
        # Interpreters do not wait for a daemon: DatabaseThreads does, for a bounded time.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self, call: _Call) -> None:
        self.inbox.put(call)
        self._thread.start()

    def join(self, timeout: float | None) -> None:
        self._thread.join(timeout)

    def is_silent_since(self, moment: float) -> bool:
        """Whether a call is in hand and the database has not answered it since then."""
        heard = self._heard
        return heard is not None and heard < moment

    def cut(self) -> None:
        """From another thread: have the call in hand fail, or run again on a new connection."""
        self._heard = time.monotonic()
        connections.suspect_failover()  # the other threads' connections are silent, too
        for one in self._connections:
            connections.cut(one.connection)

    def _run(self) -> None:
        self._connections = list(django_connections.all())
        for one in self._connections:
            one.execute_wrappers.append(self._execute)
            if not self._pooled:
                self._pools.append(connections.make_own(one))
        call = self.inbox.get()
        while call is not None:
            answer = self._perform(call)
            # Idle before the caller knows: its next call comes here, not to another thread.
            following = self._next_call(self)
            answer()
            call = following or self._wait()
        connections.close(self._connections)

    def _wait(self) -> _Call | None:
        while self._open():
            try:
                return self.inbox.get(timeout=IDLE_TIMEOUT)
            except queue.Empty:
                connections.close(self._connections)
        return self.inbox.get()

    def _open(self) -> list[BaseDatabaseWrapper]:
        return [one for one in self._connections if one.connection is not None]

    def _perform(self, call: _Call) -> Callable[[], None]:
        """Do the work; returns what tells the caller about it."""
        if not call.future.set_running_or_notify_cancel():
            return lambda: None
        self._heard = time.monotonic()
        try:
            return partial(call.future.set_result, self._call(call.work))
        except BaseException as error:
            return partial(call.future.set_exception, error)
        finally:
            self._heard = None

    def _call(self, work: Callable[[], Any]) -> Any:
        if connections.is_suspicious(self._opened):
            connections.close(self._connections)
        kept = self._open()
        if not kept:
            self._opened = time.monotonic()
        try:
            return work()
        except Error as error:
            if not self._gives_up(error, kept):
                raise
        # The connection was lost while it was idle: a client that comes long after the outage must
        # not be turned away because of it.
        try:
            return work()
        except Error as error:
            self._gives_up(error, ())
            raise

    def _gives_up(self, error: Error, kept: Iterable[BaseDatabaseWrapper]) -> bool:
        """Close the connections after an error of theirs; whether they had been lost."""
        lost = connections.is_lost(error, kept)
        if lost or isinstance(error, OperationalError | InterfaceError):
            connections.close(self._connections)
            self._opened = time.monotonic()
        if lost:
            for pool in self._pools:
                connections.drain(pool)
        return lost

    def _execute(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        """A wrapper of Django's for one statement: the database is alive as it begins and ends."""
        self._heard = time.monotonic()
        try:
            return execute(*arguments)
        finally:
            self._heard = time.monotonic()
