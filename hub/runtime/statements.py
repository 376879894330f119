"""Ends the database statements of HTTP requests that run too long, on PostgreSQL.

The limit is the requests' alone: commands, migrations and the hub's own threads keep theirs. It is
kept by this process, because a pooler such as PgBouncer refuses a connection that asks for a
`statement_timeout`, and would hand one that was SET to other clients. Outside a request's context
nothing is watched.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

logger = logging.getLogger("hub")

LOOK_INTERVAL = 1.0  # seconds between two looks at what runs
CANCEL_TIMEOUT = 5.0  # seconds for PostgreSQL to take a cancel

current_statements: ContextVar["Statements | None"] = ContextVar("hub_statements", default=None)


class Statement:
    """One that is running now. `lock` keeps a cancel from meeting the connection's next one."""

    __slots__ = ("began", "connection", "is_over", "lock")

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.began = time.monotonic()
        self.is_over = False
        self.lock = threading.Lock()


class Statements:
    """The running statements of a process's HTTP requests; each may take `limit` seconds."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._running: set[Statement] = set()
        self._is_closed = False
        connection_created.connect(_watch, dispatch_uid="hub.runtime.statements")

    async def run(self) -> None:
        """Look after the statements, for as long as the process runs."""
        while True:
            await asyncio.sleep(LOOK_INTERVAL)
            oldest = time.monotonic() - self._limit
            late = [one for one in self._running.copy() if one.began < oldest]
            if late:
                logger.warning("ending %d statements of HTTP requests: too slow", len(late))
                await self._cancel(late)

    async def close(self) -> None:
        """End all that run, and refuse further ones: the process is about to end."""
        self._is_closed = True
        await self._cancel(list(self._running.copy()))

    async def _cancel(self, statements: list[Statement]) -> None:
        await asyncio.gather(*(asyncio.to_thread(_cancel, one) for one in statements))

    def execute(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        """A wrapper of Django's for one statement."""
        statement = Statement(context["connection"].connection)
        self._running.add(statement)
        try:
            if self._is_closed:
                raise OperationalError("the server is about to end")
            return execute(sql, params, many, context)
        finally:
            self._running.discard(statement)
            with statement.lock:
                statement.is_over = True


def _watch(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Put the request's statements around a connection that the request has opened."""
    statements = current_statements.get()
    if statements is None or connection.vendor != "postgresql":
        return
    if statements.execute not in connection.execute_wrappers:
        connection.execute_wrappers.append(statements.execute)


def _cancel(statement: Statement) -> None:
    with statement.lock:
        if statement.is_over:
            return
        try:
            if hasattr(statement.connection, "cancel_safe"):  # psycopg 3.2 and later
                statement.connection.cancel_safe(timeout=CANCEL_TIMEOUT)
            else:
                statement.connection.cancel()
        except Exception as error:  # of the driver, whichever it is; the next look tries again
            logger.warning("a slow statement could not be cancelled: %s", error)
