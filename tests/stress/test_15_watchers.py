"""Scenario 15: a product that 100,000 people watch is deleted, and nobody else's events wait."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.rig.process import Process
from tests.rig.server import ROOT, environment
from tests.rig.wait import async_wait_until
from tests.stress import leaks, table
from tests.stress.client import Client
from tests.stress.ledger import Violation, check_clients, due
from tests.stress.scale import TRIES, scaled
from tests.stress.swarm import reached, swarm
from tests.stress.system import Base, System, system_on

WATCHERS = scaled(5_000, 100_000)
MANY = 100_000  # with which a broken build is noticed
REQUEST = 1.0  # seconds that the deletion takes
EVENT = 0.5  # seconds for the slowest event of others
CLIENTS = 20  # others
CONNECTED = 10  # of those who watch
CROWD = 50  # connections at the start
RATE = 20  # events per second
TOPIC = "open.w"
CLOSED = WATCHERS / 500 + 60  # seconds until the worker has closed all intervals

FILL = """
    INSERT INTO orders_user (username, email, confirmed_email, password, first_name, last_name,
        is_superuser, is_staff, is_active, wants_news, date_joined)
    SELECT 'w' || n, 'w' || n || '@example.com', '', '!', '', '', false, false, true, false, now()
    FROM generate_series(1, {count}) AS n ON CONFLICT DO NOTHING;
    INSERT INTO orders_product_watchers (product_id, user_id)
    SELECT {product}, id FROM orders_user WHERE username LIKE 'w%';
    INSERT INTO hub_subscription (person, topic, since)
    SELECT id, 'product.' || {product}, 0 FROM orders_user WHERE username LIKE 'w%';
    ANALYZE orders_user, orders_product_watchers, hub_subscription;
"""
OPEN = "SELECT count(*) FROM hub_subscription WHERE topic = %s AND until IS NULL"


@pytest.fixture
def watched(base: Base, tmp_path: Path) -> Iterator[System]:
    """Two servers and a worker."""
    sibling = base.sibling()
    with system_on(sibling, name="watched") as system, worker(sibling, tmp_path):
        yield system


@contextlib.contextmanager
def worker(base: Base, directory: Path) -> Iterator[None]:
    site = {"HUB_VAR": str(directory), "DJANGO_SETTINGS_MODULE": "asgi.settings"}
    env = environment({**base.env, **site})
    command = [sys.executable, "manage.py", "hub_deliver"]
    process = Process(command, log=directory / "worker.log", env=env, cwd=ROOT)
    try:
        yield
    finally:
        process.terminate()


async def test_a_deleted_product_with_many_watchers_delays_nobody(watched: System) -> None:
    await leaks.warm(watched, 0, CROWD)
    request, event = await delete_watched(watched, WATCHERS)
    text = f"deletion of a product with {WATCHERS} watchers"
    table.show("15", text, table.seconds(request), "1 s")
    table.show("15", "slowest event of others meanwhile", table.seconds(event), "500 ms")


async def test_a_build_that_closes_intervals_in_the_drain_is_caught(watched: System) -> None:
    build = "closes_intervals_in_the_drain"
    await watched.faults(broken=build)
    with pytest.raises(Violation) as caught:
        await delete_watched(watched, MANY)
    table.show("broken", build, str(caught.value)[:60], "caught")


async def delete_watched(system: System, watchers: int) -> tuple[float, float]:
    """Seconds of the deletion, and of the slowest event of others; or a Violation."""
    head = await system.settled()
    others = [Client(system.servers[0].ws_url, [TOPIC]) for _ in range(CLIENTS)]
    async with swarm(others):
        for turn in range(TRIES):
            request, event = await one_deletion(system, watchers, others, f"s15-{turn}")
            if request <= REQUEST and event <= EVENT:
                break
        check_clients(others, system.base.read(head))
    if request > REQUEST or event > EVENT:
        raise Violation(f"the deletion took {request:.2f} s, an event {event:.2f} s")
    return request, event


async def one_deletion(
    system: System, watchers: int, others: list[Client], name: str
) -> tuple[float, float]:
    product = await system.control(0, "product", slug=name, pieces=1)
    topic = f"product.{product}"
    with psycopg.connect(system.base.database, autocommit=True) as session:
        session.execute(FILL.format(count=watchers, product=product))
        position = await system.settled()
        known = {one: len(one.handed) for one in others}
        watching = [Client(system.servers[1].ws_url, [topic]) for _ in range(CONNECTED)]
        async with swarm(watching):
            await system.load(1, 100_000, RATE, prefix=name, topics=[TOPIC], several=0.0)
            request = await system.control(0, "delete_product", pk=product)

            def is_closed() -> bool:
                return session.execute(OPEN, [topic]).fetchone() == (0,)

            what = "the intervals of all watchers are closed"
            try:
                await async_wait_until(is_closed, CLOSED, what)
            except AssertionError as error:
                raise Violation(str(error)) from error
            await system.control(1, "stop", prefix=name)
            await system.settled()
            ends = [sum(topic in frame["removed"] for _, frame in one.changes) for one in watching]
            if ends != [1] * CONNECTED:
                raise Violation(f"connected watchers were told {ends} times")
    count = len(due(system.base.read(position), [TOPIC], position))
    await reached(others, lambda one: len(one.handed) >= known[one] + count, 20)
    return request, max(one.latency for other in others for one in other.handed[known[other] :])
