"""Many click at once while a shell writes, on one SQLite file: nobody is turned away by a lock."""

import json
import random
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.end_to_end.shopper import Shopper
from tests.rig.server import ROOT, environment
from tests.rig.stack import Stack
from tests.rig.wait import wait_until

THREADS = 8
CLICKS = 20  # of each thread
WRITES = 40  # of the shell, of each kind
PIECES = {"teapot": 40, "lamp": 3, "mug": 120, "vase": 35}  # in the demo shop
WRITER = f"""
import django; django.setup()
from orders.models import Order, Product, User
ben, mug = User.objects.get(username="ben"), Product.objects.get(slug="mug")
for number in range({WRITES}):
    Product.objects.filter(slug="teapot").update(price=f"{{30 - number % 7}}.00")
    if number % 4 == 0:
        Order.objects.create(product=mug, ordered_by=ben, quantity=1)
"""
COUNT = """
import json
from django.db.models import Sum
from hub.models import Event
from orders.models import Inventory, Order
print(json.dumps({
    "orders": Order.objects.count(),
    "received": Event.objects.filter(type="order.received").count(),
    "placed": Event.objects.filter(type="order.placed").count(),
    "waiting": Event.objects.filter(position=None).count(),
    "events": Event.objects.count(),
    "last": Event.objects.order_by("-position").first().position,
    "stock": {i.product.slug: i.quantity for i in Inventory.objects.select_related("product")},
    "sold": {
        slug: sum for slug, sum in
        Order.objects.values_list("product__slug").annotate(Sum("quantity")).order_by()
    },
}))
"""


def test_concurrent_clicks_and_shell_writes_never_find_a_locked_database(embedded: Stack) -> None:
    shoppers = [Shopper(embedded.url, ("ana", "ben")[number % 2]) for number in range(THREADS)]
    with (
        subprocess.Popen(
            [sys.executable, "-c", WRITER], cwd=ROOT, env=environment(embedded.env)
        ) as writer,
        ThreadPoolExecutor(THREADS) as threads,
    ):
        statuses = sum(threads.map(click, shoppers, range(THREADS)), Counter())
        assert writer.wait(120) == 0
    assert set(statuses) <= {200, 302, 422}, statuses
    assert "database is locked" not in embedded.server.log()

    facts = wait_until(lambda: settled(embedded), what="every event has its position")
    assert facts["orders"] == facts["received"] == facts["placed"] > WRITES // 4
    assert facts["last"] == facts["events"], "positions without a hole"
    assert facts["sold"]["lamp"] == 3, "wanted by more, sold to the last piece"
    for slug, pieces in PIECES.items():
        assert facts["stock"][slug] == pieces - facts["sold"].get(slug, 0) >= 0, slug


def click(shopper: Shopper, seed: int) -> "Counter[int]":
    """Look, order and watch; how often each status was answered."""
    chance = random.Random(seed)
    statuses: Counter[int] = Counter()
    for _ in range(CLICKS):
        slug = chance.choice(list(PIECES))
        act = chance.choice(["look", "order", "order", "watch"])
        if act == "look":
            answer = shopper.get(f"/products/{slug}/")
        elif act == "order":
            answer = shopper.order(slug, chance.choice([1, 1, 2]) if slug != "lamp" else 1)
        else:
            answer = shopper.watch(slug, chance.random() < 0.5)
        statuses[answer.status] += 1
    return statuses


def settled(stack: Stack) -> dict | None:
    facts = json.loads(stack.python(COUNT))
    return facts if facts["waiting"] == 0 else None
