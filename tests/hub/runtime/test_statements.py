"""The statements of HTTP requests have a time limit on PostgreSQL, and no others have."""

import asyncio
import time

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection, transaction

from hub.concurrency.threads import DatabaseThreads
from hub.limits import Limits
from hub.runtime import statements
from hub.runtime.posts import Posts
from hub.runtime.requests import Requests
from hub.runtime.shutdown import Shutdown
from hub.runtime.statements import Statements
from hub.sockets.registry import ConnectionRegistry
from tests.rig.wait import PATIENCE, async_wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

LIMIT = 0.2  # seconds
LONG = 2 * PATIENCE  # seconds


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(statements, "LOOK_INTERVAL", 0.02)


@pytest.fixture
async def watched():
    made = Statements(LIMIT)
    looking = asyncio.create_task(made.run())
    yield made
    looking.cancel()


def sleep(seconds):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def sleep_in_a_transaction(seconds):
    with transaction.atomic():
        sleep(seconds)


async def serve(watched, view, *args):
    """Run a view as a server does; what it raises comes out here."""

    async def application(scope, receive, send):
        await sync_to_async(view)(*args)

    requests = Requests(10, Shutdown(ConnectionRegistry(Limits())), watched, Posts(lambda _: None))
    await requests.serve(application, {"type": "http"}, asyncio.sleep, asyncio.sleep)


@pytest.mark.parametrize("view", [sleep, sleep_in_a_transaction])
async def test_a_slow_statement_of_a_request_is_cancelled(watched, view):
    began = time.monotonic()
    with pytest.raises(OperationalError, match="canceling statement"):
        await serve(watched, view, LONG)
    assert time.monotonic() - began < PATIENCE


async def test_a_slow_statement_of_the_hub_is_not_cancelled(watched):
    threads = DatabaseThreads("test-hub", 1)
    await threads.run(sleep, 3 * LIMIT)
    await threads.close()


async def test_statements_that_are_each_quick_may_take_longer_together(watched):
    def view():
        for _ in range(6):
            sleep(LIMIT / 2)

    await serve(watched, view)


async def test_the_end_of_the_process_ends_what_runs_and_what_would_follow(watched):
    watched._limit = LONG
    running = asyncio.create_task(serve(watched, sleep, LONG))
    await async_wait_until(lambda: watched._running)
    await watched.close()
    with pytest.raises(OperationalError, match="canceling statement"):
        await running
    with pytest.raises(OperationalError, match="about to end"):
        await serve(watched, sleep, LONG)
