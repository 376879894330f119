"""Toasts and live figures in a real browser on a real server."""

import datetime
import functools
import re

import pytest
from playwright.sync_api import expect

from tests.frontend.browsing import (
    drop_price,
    give_orders,
    new_user,
    order,
    visit,
    wait_until_live,
)

TEAPOT = "/products/teapot/"
GONE = 15_000  # milliseconds after which an ordinary toast has left


@pytest.fixture
def open_own(embedded, browser_as):
    """As `open_page`, as a person of the demo and on a server of the test's own."""
    return functools.partial(open_live, browser_as, embedded)


@pytest.fixture
def who(shared_embedded):
    return new_user(shared_embedded)


@pytest.fixture
def open_page(shared_embedded, browser_as, who):
    """Opens a page as a new user who watches the teapot, and waits until it is live."""
    return functools.partial(open_live, browser_as, shared_embedded, who)


def open_live(browser_as, stack, username, path, **options):
    page = browser_as(stack, username, **options)
    visit(page, path)
    return page


@pytest.fixture
def give(shared_embedded, who):
    """Give the user further orders."""
    return lambda count: give_orders(shared_embedded, count, who)


def toasts(page):
    return page.locator(".hub-toast")


def set_price(stack, price):
    stack.python(
        "from orders.models import Product\n"
        "product = Product.objects.get(slug='teapot')\n"
        f"product.price = '{price}'\n"
        "product.save()"
    )


def test_staff_get_a_toast_of_an_order_and_the_buyers_other_tab_shows_the_stock(open_own):
    staff = open_own("admin", "/")
    page = open_own("ana", TEAPOT)
    other = page.context.new_page()
    visit(other, TEAPOT)
    order(page, 3)
    expect(toasts(staff).filter(has_text="ana ordered 3")).to_be_visible()
    expect(other.locator("[data-live=stock]")).to_have_text("37")


def test_an_event_type_that_is_switched_off_makes_no_toast(open_page, shared_embedded):
    page = open_page("/inbox/preferences/")
    page.get_by_role("checkbox", name="Your orders: toast").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your preferences were saved.")).to_be_visible()
    visit(page, TEAPOT)
    order(page, 1)
    page.wait_for_url(re.compile("/orders/"))
    wait_until_live(page)
    price = drop_price(shared_embedded)
    # Events come in their order: had the order's made a toast, it would be here.
    expect(toasts(page)).to_contain_text(price)
    expect(toasts(page)).to_have_count(1)


def test_four_toasts_are_on_screen_and_the_others_follow(open_page, shared_embedded, give, who):
    page = open_page("/")
    give(3)
    shared_embedded.python(
        "from orders.models import Product, User\n"
        f"user = User.objects.get(username='{who}')\n"
        "for product in Product.objects.order_by('pk')[:3]:\n"
        "    product.watchers.add(user)\n"
        "    product.price -= 1\n"
        "    product.save()"
    )
    expect(toasts(page)).to_have_count(4)
    expect(page.locator(".hub-toasts-more")).to_have_text("2 more")
    newest = toasts(page).first
    below = toasts(page).nth(1)
    page.wait_for_function("() => document.getAnimations().length === 0")
    where = below.bounding_box()
    newest.get_by_role("button").click()
    expect(page.locator(".hub-toasts-more")).to_have_text("1 more")
    expect(toasts(page)).to_have_count(4)
    # Nothing moves while the pointer is on the toasts.
    assert page.locator(".hub-toast").nth(1).bounding_box() == where


def test_toasts_are_reached_by_a_key_and_closed_by_escape_from_anywhere(open_page, give):
    page = open_page(TEAPOT)
    quantity = page.get_by_label("Quantity")
    quantity.focus()
    give(3)
    expect(toasts(page)).to_have_count(3)
    page.keyboard.press("F8")
    expect(toasts(page).first.get_by_role("button")).to_be_focused()
    page.keyboard.press("Escape")
    expect(toasts(page)).to_have_count(2)
    expect(toasts(page).first.get_by_role("button")).to_be_focused()
    page.keyboard.press("F8")
    expect(quantity).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(toasts(page)).to_have_count(0)
    expect(quantity).to_be_focused()


def test_the_same_key_is_updated_in_place_and_keeps_the_price_that_was_seen(
    open_page, shared_embedded, give
):
    page = open_page("/")
    before = page.locator(".card", has_text="Teapot").locator("[data-live=price]").inner_text()
    drop_price(shared_embedded)
    give(1)
    expect(toasts(page)).to_have_count(2)
    now = drop_price(shared_embedded)
    expect(toasts(page).nth(1)).to_contain_text(f"Teapot is now {now}It was {before}.")
    expect(toasts(page)).to_have_count(2)


def test_a_toast_stays_while_the_pointer_is_on_it(open_page, give):
    page = open_page("/", toasts_stay=False)
    # The browser's own time: it stands still but when the test turns it.
    page.clock.install()
    page.clock.pause_at(datetime.datetime.now() + datetime.timedelta(seconds=10))
    give(1)
    toasts(page).hover()
    page.clock.run_for(60_000)
    expect(toasts(page)).to_have_count(1)
    page.mouse.move(0, 0)
    page.clock.run_for(GONE)
    expect(toasts(page)).to_have_count(0)


def test_a_toast_does_not_take_the_focus_and_escape_gives_it_back(open_page, give):
    page = open_page(TEAPOT)
    quantity = page.get_by_label("Quantity")
    quantity.focus()
    give(1)
    close = toasts(page).get_by_role("button", name=re.compile("Close"))
    expect(close).to_be_visible()
    expect(quantity).to_be_focused()
    close.focus()
    page.keyboard.press("Escape")
    expect(toasts(page)).to_have_count(0)
    expect(quantity).to_be_focused()


def test_after_an_outage_the_page_catches_up_and_shows_the_current_figures(
    open_own, embedded, browser_as
):
    browser_as.allow("WebSocket connection to", "Failed to load resource")
    page = open_own("ana", TEAPOT)
    embedded.server.terminate()
    line = page.locator("#hub-connection")
    top = page.locator("main").bounding_box()
    expect(line).to_contain_text("Reconnecting…")
    assert page.locator("main").bounding_box() == top
    set_price(embedded, "17.00")
    set_price(embedded, "1933.00")  # told by no event that is kept
    embedded.server.start()
    embedded.server.wait_ready()
    wait_until_live(page)
    expect(line).to_be_hidden()
    expect(toasts(page)).to_contain_text("€17.00")
    expect(page.locator("[data-live=price]")).to_have_text("€1,933.00")


def test_pages_and_toasts_fit_a_narrow_screen(open_page, give):
    page = open_page(TEAPOT, viewport={"width": 360, "height": 640})
    give(3)
    expect(toasts(page)).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_old_events_are_summed_up_in_a_toast_that_leads_to_the_inbox(open_own):
    page = open_own("ana", "/")
    # The clock of a page is not that of a worker.
    page.context.add_init_script("delete window.SharedWorker")
    visit(page, "/")
    page.evaluate("""() => {
      const [[user, cursor]] = Object.entries(JSON.parse(localStorage["hub.cursors"]));
      localStorage["hub.cursors"] = JSON.stringify({ [user]: { ...cursor, position: 0 } });
      sessionStorage.clear();
    }""")
    page.clock.install(time=datetime.datetime.now() + datetime.timedelta(hours=1))
    visit(page, "/")
    summary = toasts(page).filter(has_text="From while you were away.")
    expect(summary.get_by_role("link")).to_have_attribute("href", "/inbox/")
    expect(toasts(page)).to_have_count(1)


def test_odd_values_in_the_browsers_storage_count_as_nothing(open_page, give):
    page = open_page("/")
    page.evaluate("""() => {
      const { hubPerson } = document.querySelector("[data-hub-page]").dataset;
      // The page stores its own toasts when it is left.
      addEventListener("pagehide", () => {
        localStorage["hub.cursors"] = '{"3":null,"4":7}';
        sessionStorage["hub.cursors"] = "[null]";
        sessionStorage["hub.toasts"] = JSON.stringify({ person: hubPerson });
      });
    }""")
    visit(page, "/")
    give(1)
    expect(toasts(page)).to_have_count(1)


def publish_offer(stack, who, path):
    stack.python(
        "from typing import ClassVar\n"
        "from django.db import transaction\n"
        "from hub import EventType, publish\n"
        "from hub.topics import user_topic\n"
        "from orders.models import User\n"
        "class Offer(EventType):\n"
        "    type: ClassVar[str] = 'test.offer'\n"
        "    def title(self): return 'An offer'\n"
        "    def actions(self):\n"
        f"        return [{{'label': 'Take it', 'url': '{path}', 'method': 'post'}}]\n"
        "with transaction.atomic():\n"
        f"    publish(Offer(), user_topic(User.objects.get(username='{who}').pk))"
    )


def test_a_toast_with_a_button_stays_until_the_site_has_taken_it(
    open_page, shared_embedded, browser_as, who
):
    browser_as.allow("404")
    page = open_page("/", toasts_stay=False)
    publish_offer(shared_embedded, who, "/nowhere")
    button = toasts(page).get_by_role("button", name="Take it")
    expect(button).to_be_visible()
    page.clock.install()
    page.clock.run_for(600_000)
    button.click()
    expect(toasts(page).get_by_role("alert")).to_have_text("That did not work. Please try again.")
    expect(button).to_be_enabled()
    toasts(page).get_by_role("button", name="Close").click()
    publish_offer(shared_embedded, who, "/inbox/seen")
    toasts(page).get_by_role("button", name="Take it").click()
    expect(toasts(page)).to_have_count(0)
