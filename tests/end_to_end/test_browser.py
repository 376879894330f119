"""What people see: toasts, live figures and the ends of sessions, in a real Chromium."""

import re
import time
from typing import TYPE_CHECKING

import pytest

from orders.events import TIMES
from tests.end_to_end.shopper import Shopper
from tests.rig.browser import Browsers
from tests.rig.stack import Stack
from tests.rig.wait import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip("playwright.sync_api").expect  # absent from requirements.txt

SOON = 2_000  # milliseconds for what another process saves
READABLE = 5.0  # seconds that a toast is on screen
COME_BACK = 20.0  # seconds after a restart: the longest pause between two attempts
QUIET = 3_000  # milliseconds in which a browser that still tried would have tried
CHEAPER = (
    "from orders.models import Product; Product.objects.filter(slug='teapot').update(price={})"
)
ORDER = """
from orders.models import Order, Product, User
Order.objects.create(product=Product.objects.get(slug="mug"),
                     ordered_by=User.objects.get(username="ana"), quantity=7)
"""
# By type: how long after its insert the latest event came, in milliseconds.
WATCH_EVENTS = """() => {
    window.took = {};
    document.addEventListener("hub:event", ({ detail }) => {
        window.took[detail.type] = Date.now() - Date.parse(detail.at);
    });
}"""


def test_who_buys_reads_it_on_the_next_page_and_staff_sees_it_live(
    embedded: Stack, browser_as: Browsers
) -> None:
    staff = browser_as(embedded.server, "admin")
    staff.goto("/dashboard/")
    expect(staff.locator(".metrics")).to_have_attribute("data-state", "live", timeout=4_000)
    idle = staff.locator("[data-table=routes]").inner_text()

    page = browser_as(embedded.server, "ana")
    page.goto("/products/teapot/")
    live(page)
    page.get_by_role("button", name="Order").click()
    page.wait_for_url(re.compile(r"/orders/\d{4}-\d{6}/$"))
    toast = page.locator(".toast", has_text="We have your order")
    expect(toast).to_be_visible(timeout=SOON)
    shown = time.monotonic()
    expect(page.locator(".toasts-status .toast")).to_have_count(1)
    expect(toast).to_contain_text(f"1 {TIMES} Teapot at €29.00")

    placed = staff.locator(".toast", has_text="New order")
    expect(placed).to_be_visible(timeout=SOON)
    expect(placed).to_contain_text(f"ana ordered 1 {TIMES} Teapot")
    expect(staff.locator("[data-table=routes]")).to_contain_text("order", timeout=4_000)
    assert staff.locator("[data-table=routes]").inner_text() != idle
    expect(staff.locator("[data-figure=p95]")).to_have_text(
        re.compile(r"^[\d.]+ m?s$"), timeout=4_000
    )

    toast.wait_for(state="hidden")
    assert time.monotonic() - shown >= READABLE
    page.reload()
    live(page)
    expect(page.locator(".toast")).to_have_count(0)


def test_a_price_drop_reaches_its_watcher_and_the_open_page(
    embedded: Stack, browser_as: Browsers
) -> None:
    watcher = browser_as(embedded.server, "ana")
    visitor = browser_as(embedded.server)
    visitor.goto("/products/teapot/")
    for page in (watcher, visitor):
        live(page)
        page.evaluate(WATCH_EVENTS)
    embedded.python(CHEAPER.format("'24.90'"))
    toast = watcher.locator(".toast", has_text="Teapot is now €24.90")
    expect(toast).to_be_visible(timeout=SOON)
    expect(toast).to_contain_text("It was €29.00.")
    expect(visitor.locator("[data-live=price]")).to_have_text("€24.90", timeout=SOON)
    expect(visitor.locator(".toast")).to_have_count(0)
    for page in (watcher, visitor):
        assert page.evaluate("window.took")["product.price_dropped"] <= SOON
    link = toast.get_by_role("link", name="Teapot is now €24.90")
    expect(link).to_have_attribute("href", "/products/teapot/")
    # Who goes there by another way takes the toast along: no event brings it a second time.
    watcher.goto("/products/teapot/")
    expect(toast).to_be_visible(timeout=SOON)
    expect(watcher.locator("[data-live=price]")).to_have_text("€24.90")


def test_stock_moves_on_an_open_page_until_it_is_sold_out(
    embedded: Stack, browser_as: Browsers
) -> None:
    visitor = browser_as(embedded.server)
    visitor.goto("/products/lamp/")
    live(visitor)
    button = visitor.locator("[data-live=order-button]")
    expect(button).to_be_enabled()
    Shopper(embedded.url, "ben").order("lamp", 3)
    expect(visitor.locator("[data-live=stock]")).to_have_text("0", timeout=SOON)
    expect(button).to_be_disabled()
    expect(button).to_have_text("Sold out")


def test_a_deleted_account_tells_its_other_tab_which_does_not_come_back(
    embedded: Stack, browser_as: Browsers
) -> None:
    page = browser_as(embedded.server, "ben")
    other = page.context.new_page()
    other.goto("/products/mug/")
    live(other)
    sockets: list[str] = []
    other.on("websocket", lambda socket: sockets.append(socket.url))
    page.goto("/account/")
    page.get_by_text("I want to delete my account").click()
    page.get_by_label("Your password").fill("demo")
    page.get_by_role("button", name="Delete my account for good").click()
    expect(page.locator(".notice")).to_contain_text("Your account was deleted")
    expect(other.locator(".ended")).to_contain_text("This account was deleted.", timeout=SOON)
    expect(other.locator(".toasts-alert .toast")).to_contain_text("Your account was deleted")
    expect(other.locator("[data-live=order-button]")).to_be_disabled()
    other.wait_for_timeout(QUIET)
    assert not sockets, "it tried to connect again"


def test_logging_out_ends_the_other_tab(embedded: Stack, browser_as: Browsers) -> None:
    page = browser_as(embedded.server, "ana")
    other = page.context.new_page()
    other.goto("/orders/")
    elsewhere = browser_as(embedded.server, "ana")
    for tab in (page, other, elsewhere):
        live(tab)
    sockets: list[str] = []
    other.on("websocket", lambda socket: sockets.append(socket.url))
    page.get_by_role("button", name="Log out").click()
    expect(page.locator(".notice")).to_contain_text("You are logged out.")
    expect(other.locator(".ended")).to_contain_text("You are logged out", timeout=SOON)
    embedded.python(ORDER)
    expect(elsewhere.locator(".toast", has_text="We have your order")).to_be_visible(timeout=SOON)
    expect(other.locator(".toast")).to_have_count(0)
    other.wait_for_timeout(QUIET)
    assert not sockets, "it tried to connect again"
    live(elsewhere)


def test_a_page_comes_back_after_a_crash_with_the_toast_it_missed(
    embedded: Stack, browser_as: Browsers
) -> None:
    browser_as.allow("WebSocket connection to .* failed", "ERR_CONNECTION_REFUSED")
    page = browser_as(embedded.server, "ana")
    page.goto("/products/mug/")
    live(page)
    embedded.server.kill()
    expect(page.locator("#connection")).to_have_text("Reconnecting…", timeout=5_000)
    embedded.python(ORDER)
    embedded.server.start()
    embedded.server.wait_ready()
    began = time.monotonic()
    toast = page.locator(".toast", has_text="We have your order")
    expect(toast).to_be_visible(timeout=COME_BACK * 1000)
    assert time.monotonic() - began < COME_BACK
    expect(toast).to_contain_text(f"7 {TIMES} Coffee mug")
    expect(page.locator("#connection")).to_be_hidden()
    live(page)
    # What is not repeated by events (the stock) is read again.
    expect(page.locator("[data-live=stock]")).to_have_text("113", timeout=5_000)
    expect(page.locator(".toast")).to_have_count(1)


def test_a_page_comes_back_after_a_deploy_without_a_word(
    embedded: Stack, browser_as: Browsers
) -> None:
    browser_as.allow("WebSocket connection to .* failed", "ERR_CONNECTION_REFUSED")
    page = browser_as(embedded.server, "ana")
    live(page)
    embedded.server.terminate()
    embedded.server.start()
    embedded.server.wait_ready()
    live(page, within=COME_BACK)
    Shopper(embedded.url, "ana").order("mug")
    expect(page.locator(".toast", has_text="We have your order")).to_be_visible(timeout=SOON)


def live(page: "Page", within: float = 5.0) -> None:
    """Wait until the page's socket was welcomed."""
    wait_until(
        lambda: page.evaluate("document.documentElement.dataset.hubState") == "live",
        within,
        "the page is live",
    )
