"""What a process without a server publishes reaches the browsers of those that have one."""

import re
import subprocess
import sys

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.rig.server import ROOT, environment
from tests.rig.stack import Stack

VIEWED = """
import django; django.setup()
import asyncio, hub
from orders.events import ProductViewed
from orders.models import Product
from orders.topics import product_page_topic
mug = Product.objects.get(slug="mug")
for count in (500, 501):
    hub.publish_ephemeral(ProductViewed(product=mug.pk, count=count), product_page_topic(mug.pk))
asyncio.run(hub.apublish(ProductViewed(product=mug.pk, count=502), product_page_topic(mug.pk)))
"""


def view(stack: Stack) -> str:
    """Publish in a process of its own; what it logged."""
    done = subprocess.run(
        [sys.executable, "-c", VIEWED],
        cwd=ROOT,
        env=environment(stack.env),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


async def heard(stack: Stack) -> list[int]:
    """The counts that a client of the page hears, up to the logged one."""
    page = Shopper(stack.url).get("/products/mug/").text
    topic = re.search(r"product\.\d+\.page", page)[0]
    counts = []
    async with Listener(stack.server.ws_url, topics=[topic]) as listener:
        log = view(stack)
        while not counts or counts[-1] != 502:
            counts.append((await listener.expect("product.viewed"))["data"]["count"])
    assert log == ""
    return [count for count in counts if count >= 500]


async def test_ephemeral_events_go_through_the_layer(shared_cluster: Stack) -> None:
    counts = await heard(shared_cluster)
    assert counts[-2:] == [501, 502]  # of those that wait together, the latest of a key is sent


async def test_embedded_only_logged_events_reach_the_server(shared_embedded: Stack) -> None:
    assert await heard(shared_embedded) == [502]
