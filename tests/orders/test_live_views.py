"""Views at one server, seen at all of them."""

import asyncio
import re

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.rig.stack import Stack

COUNTS = """
from orders.models import Product, ProductView
print(Product.objects.get(slug="clock").view_count, ProductView.objects.count())
"""
WITHIN = 3.0  # seconds from the sum to the page; views are added up once a second


async def test_open_pages_of_every_server_receive_the_count(shared_stack: Stack) -> None:
    stack = shared_stack
    first, last = stack.servers[0], stack.servers[-1]
    visitor = Shopper(last.url)
    count, views = await counts(stack)
    page = await asyncio.to_thread(visitor.get, "/products/clock/")
    topic = re.search(r"product\.\d+\.page", page.text)
    assert topic
    async with (
        Listener(first.ws_url, topics=[topic[0]]) as here,
        Listener(last.ws_url, topics=[topic[0]]) as there,
    ):
        for _ in range(4):
            await asyncio.to_thread(visitor.get, "/products/clock/")
        for listener in (here, there):
            await listener.expect("product.viewed", latency=WITHIN, count=count + 5)
    assert await counts(stack) == (count + 5, views + 5)


async def counts(stack: Stack) -> tuple[int, int]:
    """What is stored: the product's number of views, and all recorded views."""
    count, views = (await asyncio.to_thread(stack.python, COUNTS)).split()
    return int(count), int(views)
