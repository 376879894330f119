"""Redis and PostgreSQL go and come back: sockets stay, events are late, none is lost."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.end_to_end.listener import Listener
from tests.end_to_end.shell import Shell, shell_of
from tests.end_to_end.shopper import Shopper
from tests.rig.postgres import PostgresServer
from tests.rig.redis import RedisServer
from tests.rig.rounds import rounds
from tests.rig.stack import Stack, cluster_stack, in_thread
from tests.rig.template import Template
from tests.rig.wait import async_wait_until
from tests.stress.proxy import Proxy

pytestmark = pytest.mark.alone

EVENTS = 24
SLOWEST = 4.0  # seconds, without the layer
P95 = 2.0  # seconds, without the layer
FAST = 0.5  # seconds, with the layer
RECOVERY = 5.0  # seconds after which it is fast again
BURST = 10  # events that are then fast: of a log that is only polled, half would be late
APART = 0.1  # seconds between two orders


@contextlib.asynccontextmanager
async def crowd(stack: Stack) -> AsyncIterator[tuple[Shopper, list[Listener]]]:
    """ana, and two sockets of hers and of admin's at each server."""
    people = [await asyncio.to_thread(Shopper, stack.url, name) for name in ("ana", "admin")]
    async with contextlib.AsyncExitStack() as leaving:
        yield (
            people[0],
            [
                await leaving.enter_async_context(Listener(server.ws_url, cookie=person.cookie))
                for server in stack.servers
                for person in people
                for _ in range(2)
            ],
        )


async def latencies(
    buyer: Shopper, stack: Stack, listeners: Sequence[Listener], count: int
) -> list[float]:
    """Order so many times, at the servers in turn; each order's latency at its slowest socket."""
    known = [len(one.events()) for one in listeners]
    for number in range(count):
        server = stack.servers[number % len(stack.servers)]
        answer = await asyncio.to_thread(buyer.at(server.url).order, "notebook")
        assert answer.status == 302, answer
        await asyncio.sleep(APART)
    news = [
        lambda o=one, k=begin: o.events()[k:] for one, begin in zip(listeners, known, strict=True)
    ]
    await async_wait_until(
        lambda: all(len(new()) >= count for new in news),
        what=lambda: f"{count} events everywhere: {[len(new()) for new in news]}",
    )
    for new in news:
        ids = [one.frame["id"] for one in new()]
        assert len(ids) == count and ids == sorted(set(ids))
    return [max(new()[number].latency for new in news) for number in range(count)]


async def assert_fast(
    buyer: Shopper, stack: Stack, listeners: Sequence[Listener], count: int
) -> None:
    """So many events in a row reach every socket at once."""
    for took in rounds(FAST):
        took(max(await latencies(buyer, stack, listeners, count)))


@pytest.mark.parametrize("trouble", ["stopped", "frozen"])
async def test_without_redis_events_are_late_and_none_is_lost(cluster: Stack, trouble: str) -> None:
    redis = cluster.redis
    assert redis is not None
    async with crowd(cluster) as (ana, listeners):
        await assert_fast(ana, cluster, listeners, 4)
        for took in rounds(1.0):  # whole outages: the first seconds of each are the slowest
            (redis.stop if trouble == "stopped" else redis.freeze)()
            took(share_of_promised(await latencies(ana, cluster, listeners, EVENTS)))
            (redis.start if trouble == "stopped" else redis.thaw)()
            await asyncio.sleep(RECOVERY)
            await assert_fast(ana, cluster, listeners, BURST)
        assert all(one.is_open for one in listeners)


def share_of_promised(latencies: Sequence[float]) -> float:
    """What an outage took of the time that is promised without the layer: up to 1 is in time."""
    took = sorted(latencies)
    return max(took[math.ceil(0.95 * len(took)) - 1] / P95, took[-1] / SLOWEST)


async def test_postgres_is_restarted_and_delivery_goes_on(cluster: Stack) -> None:
    postgres = cluster.postgres
    assert postgres is not None
    async with crowd(cluster) as (ana, listeners):
        await assert_fast(ana, cluster, listeners, 2)
        postgres.stop()
        await asyncio.sleep(2)  # long enough for each server to look and to fail
        postgres.start()
        # Each server tries again in its own time, which is not what is measured here.
        await latencies(ana, cluster, listeners, len(cluster.servers))
        await assert_fast(ana, cluster, listeners, 4)
        assert all(one.is_open for one in listeners)


ORDER = """
from orders.models import Order, Product, User
ana, notebook = User.objects.get(username="ana"), Product.objects.get(slug="notebook")
Order.objects.create(product=notebook, ordered_by=ana, quantity=1)
"""


async def test_delivery_is_back_soon_after_a_failover_that_left_sessions_read_only(
    cluster: Stack,
) -> None:
    url = cluster.env["DATABASE_URL"]
    name = urlsplit(url).path.strip("/")
    for server in cluster.servers:
        server.expect_in_log("read-only transaction")
    async with crowd(cluster) as (ana, listeners):
        await assert_fast(ana, cluster, listeners, 2)
        with shell_of(cluster) as shell, psycopg.connect(url, autocommit=True) as primary:
            # The address still leads to the former primary.
            primary.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
            primary.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await async_wait_until(lambda: are_ready(cluster, 503), what="no server is ready")
            # Now it leads to the new one.
            primary.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
            await assert_delivered_soon(shell, listeners)
        await async_wait_until(lambda: are_ready(cluster), what="all are ready")


async def test_delivery_is_back_soon_after_the_connections_to_postgres_have_gone_silent(
    template: Template, postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    async with Proxy(postgres_server.port) as proxy, contextlib.AsyncExitStack() as leaving:
        made = cluster_stack(template, postgres_server, redis_server, postgres_port=proxy.port)
        cluster = await leaving.enter_async_context(in_thread(made))
        async with crowd(cluster) as (ana, listeners):
            await assert_fast(ana, cluster, listeners, 2)
            with shell_of(cluster) as shell:
                for link in tuple(proxy.links):
                    link.stall()  # further ones go through
                await assert_delivered_soon(shell, listeners)
            await async_wait_until(lambda: are_ready(cluster), what="all are ready")
            proxy.calm()


async def assert_delivered_soon(shell: Shell, listeners: Sequence[Listener]) -> None:
    """What another process writes now reaches every socket within RECOVERY."""
    known = [len(one.events()) for one in listeners]
    await asyncio.to_thread(shell.run, ORDER)
    await async_wait_until(
        lambda: all(len(o.events()) > k for o, k in zip(listeners, known, strict=True)),
        RECOVERY,
        lambda: f"an event everywhere: {[len(one.events()) for one in listeners]}, {known} before",
    )


async def are_ready(stack: Stack, status: int = 200) -> bool:
    """Whether /readyz says so at every server."""
    visitors = [Shopper(server.url) for server in stack.servers]
    answers = [await asyncio.to_thread(visitor.get, "/readyz") for visitor in visitors]
    return all(answer.status == status for answer in answers)
