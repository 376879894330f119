"""One gunicorn with two workers: two server processes behind one port."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.end_to_end.test_delivery import CHEAPER, topic_of
from tests.rig.postgres import PostgresServer
from tests.rig.redis import RedisServer
from tests.rig.server import FRAMES
from tests.rig.stack import Stack, cluster_stack
from tests.rig.template import Template

psutil = pytest.importorskip("psutil")
pytest.importorskip("gunicorn")

WORKERS = 2
MOST = 64  # sockets until each worker has some: the system spreads them by chance


@pytest.fixture(params=["asgi", "frames"])
def stack(
    request: pytest.FixtureRequest,
    template: Template,
    postgres_server: PostgresServer,
    redis_server: RedisServer,
) -> Iterator[Stack]:
    frames = FRAMES["gunicorn"] if request.param == "frames" else []
    options = ["--workers", str(WORKERS), *frames]
    with cluster_stack(
        template, postgres_server, redis_server, software="gunicorn", options=options, servers=1
    ) as made:
        yield made


def sockets_of_workers(stack: Stack) -> list[int]:
    """How many sockets each worker of gunicorn has."""
    workers = psutil.Process(stack.server.pid).children()
    return [
        sum(
            one.status == psutil.CONN_ESTABLISHED and one.laddr.port == stack.server.port
            for one in worker.net_connections("tcp")
        )
        for worker in workers
    ]


async def test_events_and_the_goodbye_reach_the_sockets_of_all_workers(stack: Stack) -> None:
    ana = Shopper(stack.url, "ana")
    topic = await topic_of(ana, "vase")
    async with contextlib.AsyncExitStack() as leaving:
        own = await leaving.enter_async_context(Listener(stack.server.ws_url, cookie=ana.cookie))
        listeners: list[Listener] = []
        while not listeners or min(sockets_of_workers(stack)) < 2:
            assert len(listeners) < MOST, sockets_of_workers(stack)
            visitor = Listener(stack.server.ws_url, topics=[topic])
            listeners.append(await leaving.enter_async_context(visitor))
        assert len(sockets_of_workers(stack)) == WORKERS
        for _ in range(4):  # served by whichever worker takes the request
            placed = await asyncio.to_thread(ana.order, "mug")
            await own.expect("order.received", number=placed.location.split("/")[2])
        await asyncio.to_thread(stack.python, CHEAPER.format("vase"))
        events = [await one.expect("product.price_dropped") for one in listeners]
        assert len({event["id"] for event in events}) == 1
        ending = asyncio.create_task(asyncio.to_thread(stack.server.terminate))
        for listener in (own, *listeners):
            goodbye = await listener.hear("goodbye")
            assert (goodbye["code"], goodbye["reason"]) == (4012, "restart")
            assert await listener.closed() == 4012
        assert await ending == 0
