"""Redis and PostgreSQL go and come back: sockets stay, events are late, none is lost."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Sequence

import pytest

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.rig.rounds import rounds
from tests.rig.stack import Stack
from tests.rig.wait import async_wait_until

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
    people = [Shopper(stack.url, name) for name in ("ana", "admin")]
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
