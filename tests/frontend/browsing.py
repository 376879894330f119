"""What browser tests do with the pages of the shop."""

import itertools
import re
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.rig.wait import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.rig.stack import Stack

expect = pytest.importorskip("playwright.sync_api").expect  # absent from requirements.txt

_numbers = itertools.count(1)


def visit(page: "Page", path: str) -> None:
    """Go to a page and wait until it is live."""
    page.goto(path)
    wait_until_live(page)


def wait_until_live(page: "Page") -> None:
    """Wait until the page's socket was welcomed."""
    expect(page.locator("html")).to_have_attribute("data-hub-state", "live")


def new_user(stack: "Stack", watches: str = "teapot") -> str:
    """Make a user who watches a product, with the password "demo"; their name."""
    name = f"user{next(_numbers)}"
    welcomed = stack.python(
        "from hub.models import Log\n"
        "from orders.models import Product, User\n"
        "from tests.numbering import drain\n"
        f"user = User.objects.create_user('{name}', '{name}@example.com', 'demo')\n"
        f"Product.objects.get(slug='{watches}').watchers.add(user)\n"
        "drain()\n"
        "print(Log.objects.get().head)"
    )
    # No page is older than the welcome, which would be a toast on it.
    wait_until(lambda: _position(stack) >= int(welcomed), what="a page after the welcome")
    return name


def _position(stack: "Stack") -> int:
    """Where a page is rendered now."""
    with urllib.request.urlopen(f"{stack.url}/accounts/login/") as page:
        found = re.search(r'data-hub-page="\w+:(\d+)"', page.read().decode())
    assert found is not None
    return int(found[1])


def drop_price(stack: "Stack", slug: str = "teapot") -> str:
    """Let a product cost one euro less; the new price as pages show it."""
    price = stack.python(
        "from orders.models import Product\n"
        f"product = Product.objects.get(slug='{slug}')\n"
        "product.price -= 1\n"
        "product.save()\n"
        "print(product.price)"
    )
    return f"€{price.strip()}"


def give_orders(stack: "Stack", count: int, who: str = "ana") -> None:
    """Let a user have bought teapots, of which there are enough."""
    stack.python(
        "from orders.models import Order, Product, User\n"
        f"user = User.objects.get(username='{who}')\n"
        "product = Product.objects.get(slug='teapot')\n"
        "product.inventory.quantity = 1000\n"
        "product.inventory.save()\n"
        f"for number in range({count}):\n"
        "    Order.objects.create(product=product, ordered_by=user, quantity=1)"
    )


def order(page: "Page", quantity: int | str) -> None:
    """Fill in the order form of a product's page and send it."""
    page.get_by_label("Quantity").fill(str(quantity))
    page.get_by_role("button", name="Order").click()


def is_timed(dashboard: "Page") -> bool:
    """Whether it shows how long the requests of the last seconds took; this makes one."""
    dashboard.request.get("/")
    shown = dashboard.locator("[data-figure=p95]").inner_text()
    return re.fullmatch(r"[\d.]+ m?s", shown) is not None
