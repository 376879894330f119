"""Database connections of the hub's own threads: how they are made, found lost, and given up."""

import contextlib
import socket
import time
from collections.abc import Iterable
from typing import Any

from django.db import Error, InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from hub.concurrency.silence import NOTICE_SILENCE

READ_ONLY = "25006"  # PostgreSQL's code for a write in a session that may only read
# After a failover, some connections still lead to the former primary, where reading goes on well.
SUSPICION = 10.0  # seconds after the last sign of one, in which connections are renewed
SUSPICION_AGE = 1.0  # seconds that a connection may have then

_suspicious_until = 0.0  # of the process: a failover concerns all of its connections


def make_own(connection: BaseDatabaseWrapper) -> Any:
    """Take the calling thread's connection out of the project's pool; return that pool, or None.

    The pool is for pages. Its connections are not kept from them, and its growing intervals
    between two tries do not hold up the hub once the database is back.
    """
    if connection.vendor != "postgresql":
        return None
    pool = getattr(connection, "pool", None)
    options = {**NOTICE_SILENCE, **connection.settings_dict["OPTIONS"]}
    options.pop("pool", None)
    # Of this thread's object alone: the dictionary itself belongs to all threads.
    connection.settings_dict = {**connection.settings_dict, "OPTIONS": options}
    return pool


def close(connections: Iterable[BaseDatabaseWrapper]) -> None:
    for connection in connections:
        with contextlib.suppress(OperationalError, InterfaceError):
            connection.close()


def drain(pool: Any) -> None:
    """Replace the connections of a pool of psycopg's; those in use, when they are returned."""
    if hasattr(pool, "drain"):  # psycopg_pool 3.3 and later
        pool.drain()


def is_read_only(error: BaseException) -> bool:
    """Whether a statement failed because its session may only read, as after a failover."""
    cause = error.__cause__
    return READ_ONLY in (getattr(cause, "sqlstate", None), getattr(cause, "pgcode", None))


def is_lost(error: Error, kept: Iterable[BaseDatabaseWrapper]) -> bool:
    """Whether an error means that connections which were open before are good for nothing."""
    if is_read_only(error):
        suspect_failover()
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    return any(one.connection is None or not one.is_usable() for one in kept)


def suspect_failover() -> None:
    """Have every thread renew its connections for a while: some may lead to the former primary."""
    global _suspicious_until
    _suspicious_until = time.monotonic() + SUSPICION


def is_suspicious(opened: float) -> bool:
    """Whether a connection opened at this time (monotonic) should be renewed before it is used."""
    now = time.monotonic()
    return now < _suspicious_until and now - opened > SUSPICION_AGE


def cut(connection: Any) -> None:
    """End a driver's connection from another thread; whoever waits for its answer gets an error.

    The driver's own `close` must not be called while another thread is inside the driver.
    """
    with (
        contextlib.suppress(Exception),  # SQLite has no socket; this one may be closed already
        socket.socket(fileno=socket.dup(connection.fileno())) as same,
    ):
        same.shutdown(socket.SHUT_RDWR)
