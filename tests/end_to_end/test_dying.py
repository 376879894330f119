"""An order and its events are one: both are there or neither, whenever its process dies."""

import asyncio
import json

import pytest

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.rig.stack import Stack
from tests.rig.wait import async_wait_until

pytestmark = pytest.mark.once

DIE = "from tests.end_to_end.dying import main; main()"
ROLL_BACK = """
from django.db import transaction
from orders.models import Order, Product, User
ana, mug = User.objects.get(username="ana"), Product.objects.get(slug="mug")
try:
    with transaction.atomic():
        Order.objects.create(product=mug, ordered_by=ana, quantity=1)
        raise RuntimeError
except RuntimeError:
    pass
with transaction.atomic():
    lost = transaction.savepoint()
    Order.objects.create(product=mug, ordered_by=ana, quantity=1)
    transaction.savepoint_rollback(lost)
    Order.objects.create(product=mug, ordered_by=ana, quantity=2)
"""


async def test_an_order_and_its_events_are_one_whenever_its_process_dies(stack: Stack) -> None:
    admin = Shopper(stack.url, "admin")
    at_first = Listener(stack.servers[0].ws_url, cookie=admin.cookie)
    at_last = Listener(stack.servers[-1].ws_url, cookie=admin.cookie)
    async with at_first, at_last:
        lines = (await asyncio.to_thread(stack.python, DIE)).splitlines()
        runs = [json.loads(line) for line in lines]
        for run in runs:
            assert run["orders"] == run["pieces"] == run["received"] == run["placed"], run
            assert run["stock"] == 120 - run["pieces"], run
        # Deaths before the commit left nothing, the one after it everything, the last was none.
        assert next(run["orders"] for run in runs if run["killed"]) == 0
        assert runs[-2]["killed"] and runs[-2]["orders"] == 1
        assert not runs[-1]["killed"] and runs[-1]["orders"] == 2
        assert len(runs) > 5, "the order takes some statements"

        # Nobody who published is alive: the servers found the rows and delivered them.
        for listener in (at_first, at_last):
            await async_wait_until(
                lambda one=listener: len(one.events("order.placed")) >= 2, what="both orders"
            )
            numbers = [one.frame["data"]["number"] for one in listener.events("order.placed")]
            assert len(numbers) == len(set(numbers)) == 2


async def test_a_rolled_back_transaction_publishes_nothing(stack: Stack) -> None:
    ana = Shopper(stack.url, "ana")
    async with Listener(stack.server.ws_url, cookie=ana.cookie) as listener:
        await asyncio.to_thread(stack.python, ROLL_BACK)
        await listener.expect("order.received", quantity=2)
        heard = listener.events("order.received")
        assert [one.frame["data"]["quantity"] for one in heard] == [2]
