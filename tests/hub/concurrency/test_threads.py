"""Threads for the hub's own database work."""

import asyncio
import threading

import pytest
from django.db import InternalError, OperationalError, connection, connections

from hub.concurrency import threads
from hub.concurrency.threads import DatabaseThreads
from hub.models import Log
from tests.rig.wait import PATIENCE, async_wait_until

SILENCE = 0.3  # seconds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


@pytest.fixture(autouse=True)
def no_failover_before(monkeypatch):
    monkeypatch.setattr(threads.connections, "_suspicious_until", 0.0)


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


async def test_a_thread_that_is_idle_gives_its_connection_back(database, monkeypatch):
    monkeypatch.setattr(threads, "IDLE_TIMEOUT", 0.05)
    opened = await database.run(lambda: connections["default"])
    await database.run(Log.objects.count)
    await async_wait_until(lambda: opened.connection is None)
    assert await database.run(Log.objects.count) == 0


async def test_one_thread_does_the_work_of_quiet_times(database):
    together = threading.Barrier(2)
    await asyncio.gather(*[database.run(together.wait, PATIENCE) for _ in range(2)])
    workers = {await database.run(threading.get_ident) for _ in range(6)}
    assert len(workers) == 1


def test_work_that_waits_for_a_thread_is_done_in_order():
    async def run():
        single, done, hold = DatabaseThreads("test-single", 1), [], threading.Event()
        calls = [asyncio.create_task(single.run(hold.wait, PATIENCE))]
        calls += [asyncio.create_task(single.run(done.append, n)) for n in range(5)]
        await asyncio.sleep(0)
        hold.set()
        await asyncio.gather(*calls)
        await single.close()
        return done

    assert asyncio.run(run()) == [0, 1, 2, 3, 4]


# PostgreSQL: pools, failovers and silence

postgres = pytest.mark.postgres


@postgres
async def test_the_hubs_connections_are_not_taken_from_the_pool_of_the_pages(database):
    pool = connection.pool
    before = pool.get_stats().get("requests_num", 0)
    await database.run(Log.objects.count)
    assert pool.get_stats().get("requests_num", 0) == before


@postgres
async def test_a_connection_that_has_become_read_only_is_replaced():
    single = DatabaseThreads("test-single", 1)

    def become_read_only():
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")

    await single.run(become_read_only)
    await single.run(Log.objects.create, pk=1, epoch="e", fingerprint="f")
    assert await single.run(Log.objects.count) == 1
    await single.close()


@postgres
async def test_after_a_failover_threads_that_only_read_renew_their_connections(monkeypatch):
    monkeypatch.setattr(threads.connections, "SUSPICION_AGE", 0.0)
    reading, writing = DatabaseThreads("test-reading", 1), DatabaseThreads("test-writing", 1)

    def backend():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return cursor.fetchone()[0]

    def write_read_only():
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        Log.objects.create(pk=1, epoch="e", fingerprint="f")

    former = await reading.run(backend)
    assert await reading.run(backend) == former
    with pytest.raises(InternalError, match="read-only"):
        await writing.run(write_read_only)
    assert await reading.run(backend) != former
    await reading.close()
    await writing.close()


@postgres
async def test_a_connection_that_has_gone_silent_is_replaced_and_the_work_done(caplog):
    single, tries = DatabaseThreads("test-single", 1, silence=SILENCE), []

    def work():
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s)", [10 * SILENCE if len(tries) == 1 else 0])
        return "done"

    await single.run(Log.objects.count)
    assert await asyncio.wait_for(single.run(work), PATIENCE) == "done"
    assert "no answer from the database" in caplog.text
    await single.close()


@postgres
async def test_a_long_call_whose_statements_are_quick_keeps_its_connection(caplog):
    single = DatabaseThreads("test-single", 1, silence=SILENCE)

    def work():
        for _ in range(10):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(%s)", [SILENCE / 3])

    await single.run(work)
    assert "no answer" not in caplog.text
    await single.close()
