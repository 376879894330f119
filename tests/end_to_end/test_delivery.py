"""Committed by whom and where it may be: an event reaches every open socket, in time."""

import asyncio
import contextlib
import re

import pytest

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.rig.rounds import rounds
from tests.rig.stack import Stack
from tests.rig.wait import async_wait_until

pytestmark = pytest.mark.alone

SHELL = 2.0  # seconds for what a process without a server commits
SOCKETS = 50
CHEAPER = """
from orders.models import Product
product = Product.objects.get(slug="{}")
price = f"{{product.price - 1}}"
Product.objects.filter(pk=product.pk).update(price=price)
print(price)
"""


async def test_an_event_saved_in_a_shell_reaches_open_sockets(shared_embedded: Stack) -> None:
    stack = shared_embedded
    ana = Shopper(stack.url, "ana")  # watches the teapot
    topic = await topic_of(ana, "teapot")
    async with (
        Listener(stack.server.ws_url, cookie=ana.cookie) as watcher,
        Listener(stack.server.ws_url, topics=[topic]) as page,
    ):
        await drops_in_time(stack, "teapot", [watcher, page])


async def test_one_event_reaches_fifty_sockets(shared_embedded: Stack) -> None:
    stack = shared_embedded
    ana = Shopper(stack.url, "ana")
    topic = await topic_of(ana, "vase")
    async with contextlib.AsyncExitStack() as leaving:
        listeners = [
            await leaving.enter_async_context(Listener(stack.server.ws_url, topics=[topic]))
            for _ in range(SOCKETS - 1)
        ]
        listeners.append(
            await leaving.enter_async_context(Listener(stack.server.ws_url, cookie=ana.cookie))
        )
        await asyncio.to_thread(ana.watch, "vase", False)
        await asyncio.to_thread(ana.watch, "vase", True)
        await listeners[-1].hear("topics", added=[topic])
        count = await drops_in_time(stack, "vase", listeners)
        for listener in listeners:
            drops = [one.frame for one in listener.events("product.price_dropped")]
            assert [drop["topic"] for drop in drops] == [topic] * count


async def test_an_order_at_one_server_reaches_sockets_at_all(shared_cluster: Stack) -> None:
    stack = shared_cluster
    ana = Shopper(stack.url, "ana")
    admin = Shopper(stack.url, "admin")
    async with contextlib.AsyncExitStack() as leaving:
        buyers, staff = [
            [
                await leaving.enter_async_context(Listener(server.ws_url, cookie=person.cookie))
                for server in stack.servers
            ]
            for person in (ana, admin)
        ]
        for server in stack.servers:
            for took in rounds(SHELL):
                answer = await asyncio.to_thread(ana.at(server.url).order, "candle")
                number = answer.location.split("/")[2]
                for listeners, type in ((buyers, "order.received"), (staff, "order.placed")):
                    events = [await one.expect(type, number=number) for one in listeners]
                    assert len({event["id"] for event in events}) == 1
                took(max(one.latest.latency for one in (*buyers, *staff)))


async def test_a_socket_resumes_at_another_server(shared_cluster: Stack) -> None:
    first, second = shared_cluster.servers
    ana = Shopper(first.url, "ana")
    async with Listener(first.ws_url, cookie=ana.cookie) as before:
        cursor = {"epoch": before.welcome["epoch"], "position": before.welcome["head"]}
    numbers = [
        (await asyncio.to_thread(ana.order, "notebook")).location.split("/")[2] for _ in range(3)
    ]
    async with Listener(second.ws_url, cookie=ana.cookie, resume=cursor) as after:
        assert after.welcome["recovered"] and after.welcome["position"] == cursor["position"]
        await async_wait_until(lambda: len(after.events("order.received")) >= 3)
        events = [one.frame for one in after.events("order.received")]
        assert [event["data"]["number"] for event in events] == numbers
        assert sorted({event["id"] for event in events}) == [event["id"] for event in events]


async def drops_in_time(stack: Stack, slug: str, listeners: list[Listener]) -> int:
    """A price that a shell lowers is heard everywhere in time; how often it was lowered."""
    prices: list[str] = []
    for took in rounds(SHELL):
        prices.append((await asyncio.to_thread(stack.python, CHEAPER.format(slug))).strip())
        for listener in listeners:
            await listener.expect("product.price_dropped", new_price=prices[-1])
        took(max(listener.latest.latency for listener in listeners))
    return len(prices)


async def topic_of(person: Shopper, slug: str) -> str:
    """A product's topic, as its page names it."""
    page = await asyncio.to_thread(person.get, f"/products/{slug}/")
    found = re.search(r'data-hub-topics="(product\.\d+) ', page.text)
    assert found, page
    return found[1]
