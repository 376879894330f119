"""Nobody gets what is not theirs, by whatever way they ask; who may, does."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.end_to_end.listener import Listener
from tests.end_to_end.shell import Shell, shell_of
from tests.end_to_end.shopper import Shopper
from tests.rig.stack import Stack

pytestmark = pytest.mark.once

PEOPLE = """
from orders.models import Product, User
for name in ("ana", "ben", "admin"):
    print(User.objects.get(username=name).pk)
print(Product.objects.get(slug="bowl").pk)
"""
# A cheaper bowl after the order: who hears it, would have heard what came before.
ORDER_THEN_FENCE = """
from decimal import Decimal
from orders.models import Order, Product, User
bowl = Product.objects.get(slug="bowl")
order = Order.objects.create(
    product=Product.objects.get(slug="notebook"),
    ordered_by=User.objects.get(username="ana"),
    quantity=1,
)
bowl.price -= Decimal("0.01")
bowl.save()
print(order.number, bowl.price)
"""
OUTSIDERS = ["a visitor", "ben"]
SOON = 4.0  # seconds, at most, for what a process without a server commits


@dataclass
class Shop:
    """One system, and everybody in it; `people` maps a name to a session, `ids` to a key."""

    stack: Stack
    shell: Shell
    people: dict[str, Shopper]
    ids: dict[str, str]
    bowl: str  # its topic, which everybody may hear

    @property
    def private(self) -> list[str]:
        """What ana's own and staff's topics are: neither a visitor's nor ben's."""
        return [f"user.{self.ids['ana']}", f"user.{self.ids['admin']}", "staff", "metrics"]

    def listener(self, name: str, **options: object) -> Listener:
        server = self.stack.servers[-1]
        return Listener(server.ws_url, cookie=self.people[name].cookie, **options)

    async def order_then_fence(self) -> tuple[str, str]:
        """ana orders, then the bowl gets cheaper: the order's number and the bowl's price."""
        output = await asyncio.to_thread(self.shell.run, ORDER_THEN_FENCE)
        number, price = output.split()
        return number, price


@pytest.fixture(scope="module")
def shop(shared_stack: Stack) -> Iterator[Shop]:
    names = ("ana", "ben", "admin")
    people = {name: Shopper(shared_stack.url, name) for name in names}
    people["a visitor"] = Shopper(shared_stack.url)
    with shell_of(shared_stack) as shell:
        *keys, bowl = shell.run(PEOPLE).split()
        ids = dict(zip(names, keys, strict=True))
        yield Shop(shared_stack, shell, people, ids, f"product.{bowl}")


@pytest.mark.parametrize("who", OUTSIDERS)
async def test_hello_grants_outsiders_nothing_private(shop: Shop, who: str) -> None:
    async with shop.listener(who, topics=[*shop.private, shop.bowl]) as listener:
        refused = {one["topic"]: one["code"] for one in listener.welcome["refused"]}
        assert refused == dict.fromkeys(shop.private, "forbidden")
        assert listener.welcome["pages"] == [shop.bowl]
        assert not set(listener.welcome["topics"]) & set(shop.private)


@pytest.mark.parametrize("who", OUTSIDERS)
async def test_subscribing_grants_outsiders_nothing_private(shop: Shop, who: str) -> None:
    async with shop.listener(who) as listener:
        for topic in [*shop.private, "user.999999999"]:
            reply = await listener.ask("subscribe", [topic], since=0)
            assert (reply["ok"], reply["error"]["code"]) == (False, "forbidden"), reply
            assert not reply.get("events")
        mixed = await listener.ask("subscribe", [*shop.private, shop.bowl], since=0)
        assert mixed["ok"] and mixed["topics"] == [shop.bowl]
        assert {event["topic"] for event in mixed["events"]} <= {shop.bowl}


@pytest.mark.parametrize("who", OUTSIDERS)
async def test_outsiders_receive_nothing_private_live(shop: Shop, who: str) -> None:
    async with (
        shop.listener(who, topics=[*shop.private, shop.bowl]) as outsider,
        shop.listener("ana") as buyer,
        shop.listener("admin", topics=["metrics"]) as staff,
    ):
        number, price = await shop.order_then_fence()
        await outsider.expect("product.price_dropped", new_price=price)
        await buyer.expect("order.received", number=number)
        await staff.expect("order.placed", number=number)
        await staff.expect("metrics.sample")
        await staff.expect("metrics.sample")
        heard = {one.frame["topic"] for one in outsider.heard if one.frame["op"] == "event"}
        assert heard == {shop.bowl}


@pytest.mark.parametrize("who", OUTSIDERS)
async def test_outsiders_are_replayed_nothing_private(shop: Shop, who: str) -> None:
    async with shop.listener("admin") as staff:
        cursor = {"epoch": staff.welcome["epoch"], "position": staff.welcome["head"]}
        number, price = await shop.order_then_fence()
        await staff.expect("order.placed", number=number)
    options = {"topics": [*shop.private, shop.bowl], "resume": cursor}
    async with shop.listener(who, **options) as outsider:
        assert outsider.welcome["recovered"]
        await outsider.expect("product.price_dropped", new_price=price)
        assert {one.frame["topic"] for one in outsider.events()} == {shop.bowl}
    # The same for who may: what the outsider was not sent was there to be sent.
    async with shop.listener("ana", resume=cursor) as buyer:
        await buyer.expect("order.received", number=number)
    async with shop.listener("admin", resume=cursor) as staff:
        await staff.expect("order.placed", number=number)


async def test_staff_is_granted_what_is_staffs(shop: Shop) -> None:
    async with shop.listener("admin", topics=["metrics"]) as staff:
        assert (staff.welcome["pages"], staff.welcome["refused"]) == (["metrics"], [])
        assert "staff" in staff.welcome["topics"]
        other = await staff.ask("subscribe", [f"user.{shop.ids['ana']}"])
        assert other["error"]["code"] == "forbidden", "staff do not hear what a person hears"


@pytest.mark.parametrize(
    ("who", "dashboard", "order"),
    [("a visitor", 302, 302), ("ben", 403, 404), ("ana", 403, 200), ("admin", 200, 200)],
)
def test_private_pages_are_refused_to_others(
    shop: Shop, who: str, dashboard: int, order: int
) -> None:
    path = shop.people["ana"].order("notebook").location
    person = shop.people[who]
    assert person.get("/dashboard/").status == dashboard
    answer = person.get(path)
    assert answer.status == order
    assert ("Notebook" in answer.text) == (order == 200)


def test_only_a_logged_in_user_gets_a_ticket(shop: Shop) -> None:
    assert shop.people["a visitor"].post("/api/ticket").status == 401
    assert shop.people["ben"].post("/api/ticket").status == 200


async def test_new_staff_receive_staff_events_at_once_and_former_staff_no_more(shop: Shop) -> None:
    change = (
        "from orders.models import User; User.objects.filter(username='ben').update(is_staff={})"
    )
    async with (
        shop.listener("ben", topics=[shop.bowl]) as ben,
        shop.listener("admin") as staff,
    ):
        try:
            await asyncio.to_thread(shop.shell.run, change.format(True))
            changed = time.time()
            await ben.hear("topics", added=["staff"])
            assert ben.latest.at - changed <= SOON
            assert (await ben.ask("subscribe", ["metrics"]))["ok"]
            number, _ = await shop.order_then_fence()
            await ben.expect("order.placed", number=number)
        finally:
            await asyncio.to_thread(shop.shell.run, change.format(False))
            changed = time.time()
        lost: list[str] = []
        while len(lost) < 2:
            lost += (await ben.hear("topics"))["removed"]
        assert ben.latest.at - changed <= SOON
        assert sorted(lost) == ["metrics", "staff"]
        later = len(ben.heard)
        number, price = await shop.order_then_fence()
        await ben.expect("product.price_dropped", new_price=price)
        await staff.expect("order.placed", number=number)
        events = [one.frame for one in ben.heard[later:] if one.frame["op"] == "event"]
        assert {event["topic"] for event in events} == {shop.bowl}
        reply = await ben.ask("subscribe", ["metrics"])
        assert reply["error"]["code"] == "forbidden"
