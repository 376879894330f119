"""Threads for the hub's own database work."""

import asyncio
import threading

import pytest
from django.db import OperationalError, connection, connections

from hub.concurrency.threads import DatabaseThreads
from hub.models import Log
from tests.rig.wait import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


@pytest.fixture
async def database():
    made = DatabaseThreads("test-reader", 2)
    yield made
    await made.close()


async def test_work_runs_in_the_hubs_own_threads_and_keeps_their_connections(database):
    def work():
        Log.objects.count()
        return threading.current_thread().name, id(connection.connection)

    results = {await database.run(work) for _ in range(5)}
    assert all(name.startswith("test-reader") for name, _ in results)
    assert len(results) <= 2


async def test_a_broken_connection_is_replaced(database):
    single = DatabaseThreads("test-single", 1)
    seen = []

    def work():
        Log.objects.count()
        seen.append(connection.connection)
        if len(seen) == 1:
            raise OperationalError("the server has gone away")

    with pytest.raises(OperationalError):
        await single.run(work)
    assert await single.run(lambda: connection.connection) is None
    await single.run(work)
    await single.close()


async def test_work_on_a_connection_that_was_lost_while_idle_runs_again():
    single = DatabaseThreads("test-single", 1)
    await single.run(Log.objects.count)
    if connection.vendor == "postgresql":  # SQLite has none to lose
        await single.run(lambda: connection.connection.close())  # as a restart of the server does
    assert await single.run(Log.objects.count) == 0
    await single.close()


async def test_slow_work_delays_neither_the_loop_nor_another_thread(database):
    blocked = threading.Event()
    slow = asyncio.create_task(database.run(blocked.wait, 2 * PATIENCE))
    assert await asyncio.wait_for(database.run(lambda: "quick"), PATIENCE) == "quick"
    blocked.set()
    assert await slow


async def test_closing_closes_the_connection_of_every_thread():
    database, opened = DatabaseThreads("test-closing", 3), []
    together = threading.Barrier(3)

    def work():
        together.wait(PATIENCE)
        connection.ensure_connection()
        opened.append(connections["default"])

    await asyncio.gather(*[database.run(work) for _ in range(3)])
    await database.close()
    assert len({id(one) for one in opened}) == 3
    assert [one.connection for one in opened] == [None] * 3
