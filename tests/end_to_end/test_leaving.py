"""Clients that leave while the database stands still: their requests end all the same."""

import contextlib
import socket
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from tests.end_to_end.shopper import Shopper
from tests.rig.postgres import PostgresServer
from tests.rig.redis import RedisServer
from tests.rig.stack import Stack, cluster_stack, embedded_stack
from tests.rig.template import Template
from tests.rig.wait import wait_until

CLIENTS = 60
POOL = 20  # database connections of a server's pool
# How soon each server cancels the request of a client that left: 1 s. Uvicorn never does.
CANCELS = {
    "daphne": ["--application-close-timeout", "1"],
    "uvicorn": [],
    "gunicorn": ["--asgi-disconnect-grace-period", "1"],
}
STALL = 4.0  # seconds: Daphne looks once a second, and its second cancel is the one that harms
END = 15.0  # seconds from SIGTERM to the end; a request may wait 10 s for the pool
QUICK = 3.0  # seconds for a page, once the database answers again
WAITING = 10  # of the pool's connections, at least: the hub's threads have the others
HUB = 17  # database connections of the hub's own threads, which open as they are needed

pytest.importorskip("uvicorn")
pytest.importorskip("gunicorn")


@pytest.mark.parametrize("software", CANCELS)
def test_clients_that_leave_during_a_stall_leave_the_pool_whole(
    template: Template, postgres_server: PostgresServer, redis_server: RedisServer, software: str
) -> None:
    with cluster_stack(
        template,
        postgres_server,
        redis_server,
        software=software,
        options=CANCELS[software],
        servers=1,
    ) as stack:
        before = descriptors(stack)
        with psycopg.connect(stack.env["DATABASE_URL"]) as holder:
            holder.execute("LOCK TABLE orders_product IN ACCESS EXCLUSIVE MODE")
            ask_and_leave(stack, "/", lambda: waiting(holder) >= WAITING)
            stand_still(STALL)
            holder.rollback()
        answers_quickly(stack, "/")
        wait_until(
            lambda: descriptors(stack) <= before + POOL + HUB,
            what=lambda: f"{descriptors(stack)} descriptors, {before} before",
        )


@pytest.mark.parametrize("software", CANCELS)
def test_a_server_that_is_told_to_end_during_a_stall_ends_in_time(
    template: Template, postgres_server: PostgresServer, redis_server: RedisServer, software: str
) -> None:
    with (
        cluster_stack(template, postgres_server, redis_server, software=software, servers=1) as one,
        psycopg.connect(one.env["DATABASE_URL"]) as holder,
    ):
        holder.execute("LOCK TABLE orders_product IN ACCESS EXCLUSIVE MODE")
        ask_and_leave(one, "/", lambda: waiting(holder) >= WAITING)
        one.server.expect_in_log("canceling statement", "about to end")
        one.server.terminate(deadline=END)


@pytest.mark.parametrize("software", CANCELS)
def test_clients_that_leave_during_a_stall_of_sqlite_leave_no_connection(
    template: Template, software: str
) -> None:
    with embedded_stack(template, software=software, options=CANCELS[software]) as stack:
        answers_quickly(stack, "/products/lamp/")
        database = Path(stack.env["HUB_VAR"]) / "db.sqlite3"
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            ask_and_leave(stack, "/products/teapot/", lambda: sqlite_connections(stack) >= CLIENTS)
            stand_still(STALL)
            holder.execute("ROLLBACK")
        answers_quickly(stack, "/products/lamp/")
        wait_until(
            lambda: sqlite_connections(stack) <= HUB,
            what=lambda: f"{sqlite_connections(stack)} connections",
        )


def ask_and_leave(stack: Stack, path: str, is_stalled: Callable[[], bool]) -> None:
    """Ask for a page as many clients, and leave once their requests stand still."""
    with contextlib.ExitStack() as leaving:
        for _ in range(CLIENTS):
            client = socket.create_connection(("127.0.0.1", stack.server.port))
            leaving.enter_context(client)
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        wait_until(is_stalled, what="requests that stand still")


def stand_still(seconds: float) -> None:
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > end, seconds + 1)


def answers_quickly(stack: Stack, path: str) -> None:
    began = time.monotonic()
    assert Shopper(stack.url).get(path).status == 200
    assert time.monotonic() - began < QUICK


def waiting(holder: psycopg.Connection[Any]) -> int:
    """Statements that wait for the holder's lock."""
    (count,) = holder.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() or (0,)
    return int(count)


def serving(stack: Stack) -> psutil.Process:
    return psutil.Process(stack.server.serving_pid)


def descriptors(stack: Stack) -> int:
    return serving(stack).num_fds()


def sqlite_connections(stack: Stack) -> int:
    """Each has the write-ahead log open. Other descriptors SQLite itself keeps for later."""
    return sum(one.path.endswith("-wal") for one in serving(stack).open_files())
