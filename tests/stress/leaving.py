"""Clients that ask for a page and leave while the database stands still."""

import asyncio
import contextlib
import time

import psycopg

from tests.rig.wait import PATIENCE, async_wait_until
from tests.stress.ledger import Violation
from tests.stress.scale import scaled
from tests.stress.system import System

CLIENTS = 60  # three times as many as a server has database connections for requests
STALL = scaled(4.0, 16.0)  # seconds
# How soon a server cancels the request of a client that left: in full as it does by itself, which
# is after 10 s and 3 s. Uvicorn never does.
CANCELS = {
    "daphne": scaled(["--application-close-timeout", "1"], []),
    "uvicorn": [],
    "gunicorn": scaled(["--asgi-disconnect-grace-period", "1"], []),
}
OTHERS = 3  # connections that a load and a readiness check may have meanwhile
PAGE = "/"
TABLE = "orders_product"  # which the page reads


async def leave_during_a_stall(system: System) -> float:
    """Let CLIENTS leave the only server while TABLE is locked; seconds of the first page after it.

    Violation where there is no such page.
    """
    report = await system.control(0, "report")
    stuck = report["pool"]["pool_max"] - OTHERS
    with (
        psycopg.connect(system.base.database) as holder,
        psycopg.connect(system.base.database, autocommit=True) as watcher,
    ):
        holder.execute(f"LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE".encode())
        async with contextlib.AsyncExitStack() as leaving:
            for _ in range(CLIENTS):
                _, client = await ask(system)
                leaving.callback(client.close)
            # A client that leaves sooner is given up before its request has taken anything.
            await async_wait_until(lambda: waiting_for_table(watcher) >= stuck)
        await asyncio.sleep(STALL)
        holder.rollback()
    begun = time.monotonic()
    await page(system)
    return time.monotonic() - begun


def waiting_for_table(session: psycopg.Connection[tuple[int]]) -> int:
    """How many sessions wait for the lock on TABLE."""
    found = session.execute(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass", [TABLE]
    ).fetchone()
    assert found is not None
    return found[0]


async def page(system: System) -> None:
    """Ask for the page and read it. Violation if it is not there."""
    reader, writer = await ask(system)
    try:
        async with asyncio.timeout(PATIENCE):
            status = await reader.readline()
            await reader.read()
    except TimeoutError:
        raise Violation(f"no page within {PATIENCE:g} s") from None
    finally:
        writer.close()
    if b" 200 " not in status:
        raise Violation(f"no page: {status.decode().strip()}")


async def ask(system: System) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", system.servers[0].port)
    request = f"GET {PAGE} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    writer.write(request.encode())
    await writer.drain()
    return reader, writer
