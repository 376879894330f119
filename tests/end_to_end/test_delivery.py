"""Committed by whom and where it may be: an event reaches every open socket, in time."""

import asyncio
import contextlib
import re

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.rig.stack import Stack
from tests.rig.wait import async_wait_until

SHELL = 2.0  # seconds for what a process without a server commits
SOCKETS = 50
CHEAPER = """
from orders.models import Product
for cents in range(3):
    Product.objects.filter(slug="teapot").update(price=f"2{cents}.50")
"""


async def test_what_a_shell_saves_reaches_open_sockets(shared_embedded: Stack) -> None:
    stack = shared_embedded
    ana = Shopper(stack.url, "ana")  # watches the teapot
    topic = await topic_of(ana, "teapot")
    async with (
        Listener(stack.server.ws_url, cookie=ana.cookie) as watcher,
        Listener(stack.server.ws_url, topics=[topic]) as page,
    ):
        await asyncio.to_thread(stack.python, CHEAPER)
        for listener in (watcher, page):
            await listener.expect("product.price_dropped", new_price="20.50")
            took = [one.latency for one in listener.events()]
            assert max(took) <= SHELL, f"took {took} s"


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
        await asyncio.to_thread(ana.watch, "vase", True)
        await listeners[-1].hear("topics", added=[topic])
        await asyncio.to_thread(
            stack.python,
            "from orders.models import Product;"
            "Product.objects.filter(slug='vase').update(price='20.00')",
        )
        for listener in listeners:
            event = await listener.expect("product.price_dropped", latency=SHELL)
            assert (event["topic"], event["data"]["new_price"]) == (topic, "20.00")
        assert {len(one.events("product.price_dropped")) for one in listeners} == {1}


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
            answer = await asyncio.to_thread(ana.at(server.url).order, "candle")
            number = answer.location.split("/")[2]
            for listeners, type in ((buyers, "order.received"), (staff, "order.placed")):
                events = [await one.expect(type, latency=SHELL, number=number) for one in listeners]
                assert len({event["id"] for event in events}) == 1


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


async def topic_of(person: Shopper, slug: str) -> str:
    """A product's topic, as its page names it."""
    page = await asyncio.to_thread(person.get, f"/products/{slug}/")
    found = re.search(r'data-hub-topics="(product\.\d+) ', page.text)
    assert found, page
    return found[1]
