"""Whether pages can be served: a database connection for them, and file descriptors to spare.

The hub's own threads keep their connections, so the hub may be well while each page waits for one
in vain. This part asks for a connection as a page does, every other second.
"""

import asyncio
import logging
import os
import resource
import time
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, connections
from django.db import Error as DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

from hub.concurrency.connections import drain, suspect_failover
from hub.concurrency.threads import DatabaseThreads

logger = logging.getLogger("hub")

PROBE_INTERVAL = 2.0  # seconds between two connections
PROBE_TIMEOUT = 3.0  # seconds that a connection may take before the process is not ready
ABANDON_TIMEOUT = 12.0  # seconds after which another thread looks: the pool itself gives up in 10
DESCRIPTOR_RESERVE = 0.1  # of the limit: with fewer left, the process takes no new clients

_DESCRIPTORS = next(
    (path for path in map(Path, ("/proc/self/fd", "/dev/fd")) if path.exists()), None
)


class Pages:
    """`hindrance` says why pages cannot be served; empty while they can."""

    def __init__(self) -> None:
        self._threads = _make_thread()
        self._asked: float | None = None  # since when a connection is awaited
        self._trouble = ""
        self._was_read_only = False

    @property
    def hindrance(self) -> str:
        waits = self._asked is not None and time.monotonic() - self._asked > PROBE_TIMEOUT
        return "no database connection for pages" if waits else self._trouble

    async def run(self) -> None:
        """Look again and again, for as long as the process runs."""
        while True:
            before = self.hindrance
            self._asked = time.monotonic()
            try:
                async with asyncio.timeout(ABANDON_TIMEOUT):
                    self._trouble = await self._threads.run(self._look)
            except TimeoutError:
                # It may wait for a connection of the pool that is silent, and which cannot be
                # reached from here.
                self._threads.abandon()
                self._threads = _make_thread()
            except DatabaseError as error:
                self._trouble = f"no database connection for pages: {type(error).__name__}"
            finally:
                self._asked = None
            if self.hindrance and not before:
                logger.warning("not ready: %s", self.hindrance)
            await asyncio.sleep(PROBE_INTERVAL)

    async def close(self) -> None:
        await self._threads.close()

    def _look(self) -> str:
        connection = connections[DEFAULT_DB_ALIAS]
        try:
            is_read_only = _is_read_only(connection)
        finally:
            connection.close()  # a page would, too: the next look takes another one
        if is_read_only or self._was_read_only:
            # Some of what is open, here or in the pool, leads to the former primary. Once more
            # when a connection may write again: the others may be older.
            suspect_failover()
            drain(getattr(connection, "pool", None))
        self._was_read_only = is_read_only
        if is_read_only:
            return "the database is read-only"
        return "" if _has_descriptors() else "almost no file descriptors left"


def _make_thread() -> DatabaseThreads:
    return DatabaseThreads("hub-pages", 1, pooled=True)


def _is_read_only(connection: BaseDatabaseWrapper) -> bool:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SHOW transaction_read_only")
            return bool(cursor.fetchone() == ("on",))
        cursor.execute("SELECT 1")
        return False


def _has_descriptors() -> bool:
    if _DESCRIPTORS is None:
        return True
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return len(os.listdir(_DESCRIPTORS)) < limit * (1 - DESCRIPTOR_RESERVE)
