"""Redis is somewhere else now, and nobody says so: what other processes send is back in seconds."""

import asyncio
import contextlib
import datetime

import pytest

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.rig.postgres import PostgresServer
from tests.rig.redis import RedisServer
from tests.rig.sentinel import Sentinel
from tests.rig.stack import Stack, cluster_stack, in_thread
from tests.rig.template import Template
from tests.rig.wait import PATIENCE, async_wait_until
from tests.stress.proxy import Proxy

pytestmark = pytest.mark.alone

SILENCE = 3.0  # seconds until a connection counts as dead
BACK = 5.0  # seconds from where Redis can be reached to the first ephemeral event
MUG = "product.1.page"


def cluster_at(
    url: str, template: Template, postgres: PostgresServer, redis: RedisServer
) -> contextlib.AbstractAsyncContextManager[Stack]:
    """Two servers that find Redis at this URL."""
    return in_thread(cluster_stack(template, postgres, redis, env={"REDIS_URL": url}))


async def until_views_are_heard(
    cluster: Stack, listener: Listener, deadline: float = PATIENCE
) -> None:
    """Look at a page of the first server until that shows at a socket of the second one."""
    start = datetime.datetime.now(datetime.UTC).isoformat()

    async def is_heard() -> bool:
        visitor = await asyncio.to_thread(Shopper, cluster.servers[0].url)
        await asyncio.to_thread(visitor.get, "/products/mug/")
        return any(one.frame["at"] > start for one in listener.events("product.viewed"))

    await async_wait_until(is_heard, deadline, "a view")


def page_topic(cluster: Stack) -> str:
    mug = cluster.python("from orders.models import *; print(Product.objects.get(slug='mug').pk)")
    return f"product.{mug.strip()}.page"


async def test_connections_that_are_open_and_dead_are_made_anew(
    template: Template, postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    async with (
        Proxy(redis_server.port) as proxy,
        cluster_at(
            f"redis://127.0.0.1:{proxy.port}/0", template, postgres_server, redis_server
        ) as cluster,
    ):
        topic = await asyncio.to_thread(page_topic, cluster)
        async with Listener(cluster.servers[1].ws_url, topics=[topic]) as listener:
            await until_views_are_heard(cluster, listener)
            for link in tuple(proxy.links):
                link.stall()  # further ones go through
            await until_views_are_heard(cluster, listener, SILENCE + BACK)
        proxy.calm()


async def test_a_sentinel_says_where_redis_is_now(
    template: Template, postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    with Sentinel() as sentinel:
        async with cluster_at(sentinel.url, template, postgres_server, redis_server) as cluster:
            topic = await asyncio.to_thread(page_topic, cluster)
            ana = await asyncio.to_thread(Shopper, cluster.url, "ana")
            async with (
                Listener(cluster.servers[1].ws_url, topics=[topic]) as listener,
                Listener(cluster.servers[1].ws_url, cookie=ana.cookie) as hers,
            ):
                await until_views_are_heard(cluster, listener)
                sentinel.master.freeze()  # its connections stay open
                assert (await asyncio.to_thread(ana.order, "mug")).status == 302
                await hers.expect("order.received")
                await async_wait_until(sentinel.has_failed_over, 30, sentinel.log)
                await until_views_are_heard(cluster, listener, BACK)
            sentinel.master.thaw()
