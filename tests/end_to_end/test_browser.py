"""What people see: toasts, live figures and the ends of sessions, in a real Chromium."""

import re
import time
from collections.abc import Iterator

import pytest

from orders.events import TIMES
from tests.end_to_end.shopper import Shopper
from tests.frontend.browsing import expect, is_timed, wait_until_live
from tests.rig.browser import Browsers
from tests.rig.rounds import rounds
from tests.rig.stack import Stack
from tests.rig.turnstile import Turnstile
from tests.rig.wait import wait_until

SOON = 2_000  # milliseconds for what another process saves
COME_BACK = 20.0  # seconds after a restart: the longest pause between two attempts
CONNECT = 10.0  # seconds that an attempt takes on a busy machine
QUIET = 1_500  # milliseconds in which a browser that still tried would have tried: the first pause
# is half a second at most
CHEAPER = (
    "from orders.models import Product; Product.objects.filter(slug='teapot').update(price={})"
)
ORDER = """
from orders.models import Order, Product, User
Order.objects.create(product=Product.objects.get(slug="mug"),
                     ordered_by=User.objects.get(username="ana"), quantity=7)
"""
# By type: how long after its insert the latest event came, in milliseconds.
WATCH_EVENTS = """
    window.took = {};
    document.addEventListener("hub:event", ({ detail }) => {
        window.took[detail.type] = Date.now() - Date.parse(detail.at);
    });
"""
WATCH_WELCOMES = """
    window.welcomes = 0;
    document.addEventListener("hub:welcome", () => { window.welcomes += 1; });
"""
# The pointer, which the rig puts on the toasts, leaves them.
LET_GO = "document.querySelector('#hub-toasts').dispatchEvent(new PointerEvent('pointerleave'))"


@pytest.mark.alone
def test_a_buyer_sees_the_toast_on_the_next_page_and_staff_see_the_order_live(
    embedded: Stack, browser_as: Browsers
) -> None:
    staff = browser_as(embedded.server, "admin", toasts_stay=False)
    staff.add_init_script(WATCH_EVENTS)
    staff.goto("/dashboard/")
    expect(staff.locator(".hub-metrics")).to_have_attribute("data-state", "live")
    idle = staff.locator("[data-table=routes]").inner_text()

    page = browser_as(embedded.server, "ana")
    page.goto("/products/teapot/")
    wait_until_live(page)
    page.get_by_role("button", name="Order").click()
    page.wait_for_url(re.compile(r"/orders/\d{4}-\d{6}/$"))
    toast = page.locator(".hub-toast", has_text="We have your order")
    expect(toast).to_be_visible()
    expect(page.locator(".hub-announced-status")).to_contain_text("We have your order")
    expect(toast).to_contain_text(f"1 {TIMES} Teapot at €29.00")
    page.evaluate(LET_GO)

    row = staff.locator("[data-list=staff] li").first
    expect(row).to_contain_text(f"ana ordered 1 {TIMES} Teapot")
    expect(staff.locator(".hub-toast")).to_have_count(0)
    for number, took in enumerate(rounds(SOON)):
        if number:
            staff.evaluate("delete window.took['order.placed']")
            Shopper(embedded.url, "ben").order("mug")
        took(wait_until(lambda: staff.evaluate("window.took['order.placed']")))
    expect(staff.locator("[data-table=routes]")).to_contain_text("products/<slug:slug>/")
    assert staff.locator("[data-table=routes]").inner_text() != idle
    wait_until(lambda: is_timed(staff), what="a figure for the latency")

    toast.wait_for(state="hidden")
    page.reload()
    wait_until_live(page)
    expect(page.locator(".hub-toast")).to_have_count(0)


@pytest.mark.alone
def test_a_price_drop_reaches_its_watcher_and_the_open_page(
    embedded: Stack, browser_as: Browsers
) -> None:
    watcher = browser_as(embedded.server, "ana")
    visitor = browser_as(embedded.server)
    visitor.goto("/products/teapot/")
    for page in (watcher, visitor):
        wait_until_live(page)
        page.evaluate(WATCH_EVENTS)
    for number, took in enumerate(rounds(SOON)):
        price = f"{24 - number}.90"
        embedded.python(CHEAPER.format(f"'{price}'"))
        toast = watcher.locator(".hub-toast", has_text=f"Teapot is now €{price}")
        expect(toast).to_be_visible()
        expect(toast).to_contain_text("It was €29.00.")
        expect(visitor.locator("[data-live=price]")).to_have_text(f"€{price}")
        expect(visitor.locator(".hub-toast")).to_have_count(0)
        pages = (watcher, visitor)
        took(max(page.evaluate("window.took")["product.price_dropped"] for page in pages))
    link = toast.get_by_role("link", name=f"Teapot is now €{price}")
    expect(link).to_have_attribute("href", "/products/teapot/")
    # Who goes there by another way takes the toast along: no event brings it a second time.
    watcher.goto("/products/teapot/")
    expect(toast).to_be_visible()
    expect(watcher.locator("[data-live=price]")).to_have_text(f"€{price}")


@pytest.mark.alone
def test_stock_moves_on_an_open_page_until_it_is_sold_out(
    embedded: Stack, browser_as: Browsers
) -> None:
    visitor = browser_as(embedded.server)
    visitor.goto("/products/lamp/")
    wait_until_live(visitor)
    visitor.evaluate(WATCH_EVENTS)
    button = visitor.locator("[data-live=order-button]")
    expect(button).to_be_enabled()
    ben, took = Shopper(embedded.url, "ben"), []
    for left in ("2", "1", "0"):
        ben.order("lamp")
        expect(visitor.locator("[data-live=stock]")).to_have_text(left)
        took.append(visitor.evaluate("window.took['product.changed']"))
    assert min(took) <= SOON, took
    expect(button).to_be_disabled()
    expect(button).to_have_text("Sold out")


@pytest.fixture
def turnstile(embedded: Stack) -> Iterator[Turnstile]:
    with Turnstile(embedded.url) as passage:
        yield passage


def test_a_deleted_account_tells_its_other_tab_which_does_not_come_back(
    turnstile: Turnstile, browser_as: Browsers
) -> None:
    page = browser_as(turnstile, "ben")
    other = page.context.new_page()
    other.goto("/products/mug/")
    wait_until_live(other)
    page.goto("/account/")
    page.get_by_text("I want to delete my account").click()
    page.get_by_label("Your password").fill("demo")
    page.get_by_role("button", name="Delete my account permanently").click()
    expect(page.locator(".notice")).to_contain_text("Your account was deleted")
    expect(other.locator(".hub-ended")).to_contain_text("This account was deleted.")
    expect(other.locator(".hub-toast")).to_have_count(0)
    expect(other.locator("main")).to_be_empty()
    wait_until_live(page)
    opened = turnstile.opened
    other.wait_for_timeout(QUIET)
    assert turnstile.opened == opened, "it tried to connect again"


def test_logging_out_ends_the_other_tab(
    embedded: Stack, turnstile: Turnstile, browser_as: Browsers
) -> None:
    page = browser_as(turnstile, "ana")
    other = page.context.new_page()
    other.goto("/orders/")
    elsewhere = browser_as(turnstile, "ana")
    for tab in (page, other, elsewhere):
        wait_until_live(tab)
    page.get_by_role("button", name="Log out").click()
    expect(page.locator(".notice")).to_contain_text("You are logged out.")
    expect(other.locator(".hub-ended")).to_contain_text("You are logged out")
    embedded.python(ORDER)
    expect(elsewhere.locator(".hub-toast", has_text="We have your order")).to_be_visible()
    expect(other.locator(".hub-toast")).to_have_count(0)
    wait_until_live(page)
    opened = turnstile.opened
    other.wait_for_timeout(QUIET)
    assert turnstile.opened == opened, "it tried to connect again"
    wait_until_live(elsewhere)


def test_a_page_comes_back_after_a_crash_with_the_toast_it_missed(
    embedded: Stack, browser_as: Browsers
) -> None:
    browser_as.allow("WebSocket connection to .* failed", "ERR_CONNECTION_REFUSED")
    page = browser_as(embedded.server, "ana")
    page.goto("/products/mug/")
    wait_until_live(page)
    embedded.server.kill()
    expect(page.locator("#hub-connection")).to_contain_text("Reconnecting…")
    embedded.python(ORDER)
    embedded.server.start()
    embedded.server.wait_ready()
    ready = time.monotonic()
    toast = page.locator(".hub-toast", has_text="We have your order")
    expect(toast).to_be_visible(timeout=2 * COME_BACK * 1000)
    assert time.monotonic() - ready < COME_BACK + CONNECT
    expect(toast).to_contain_text(f"7 {TIMES} Coffee mug")
    expect(page.locator("#hub-connection")).to_be_hidden()
    wait_until_live(page)
    # What is not repeated by events (the stock) is read again.
    expect(page.locator("[data-live=stock]")).to_have_text("113")
    expect(page.locator(".hub-toast")).to_have_count(1)


def test_a_page_comes_back_after_a_deploy_without_a_word(
    embedded: Stack, browser_as: Browsers
) -> None:
    browser_as.allow("WebSocket connection to .* failed", "ERR_CONNECTION_REFUSED")
    page = browser_as(embedded.server, "ana")
    wait_until_live(page)
    page.evaluate(WATCH_WELCOMES)
    embedded.server.terminate()
    embedded.server.start()
    embedded.server.wait_ready()
    within = COME_BACK + CONNECT
    wait_until(lambda: page.evaluate("window.welcomes"), within, "it is welcomed again")
    Shopper(embedded.url, "ana").order("mug")
    expect(page.locator(".hub-toast", has_text="We have your order")).to_be_visible()
