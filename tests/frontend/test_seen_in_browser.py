"""What a browser reports as seen: the open inbox, and toasts that stood long enough to read."""

import pytest
from playwright.sync_api import expect

from tests.rig.wait import wait_until

HIDE = """isHidden => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
LONG = 60_000  # ms; any time that a page waits before it reports


@pytest.fixture
def ana(embedded, browser_as):
    """A page of ana, live; she has seen all that happened before."""
    page = browser_as(embedded, "ana")
    page.goto("/inbox/")
    wait_until(lambda: unseen(page) == 0, what="the inbox to be seen")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-hub-state", "live")
    return page


def inbox(page) -> dict:
    return page.request.get("/api/notifications").json()


def unseen(page) -> int:
    return inbox(page)["unseen"]


def order(page, stack, count=1):
    """Place orders of ana's in another process, and wait until they are in her inbox."""
    before = len(inbox(page)["items"])
    stack.python(
        "from orders.models import Order, Product, User\n"
        "buyer = User.objects.get(username='ana')\n"
        "product = Product.objects.get(slug='teapot')\n"
        f"for _ in range({count}):\n"
        "    Order.objects.create(product=product, ordered_by=buyer, quantity=1)"
    )
    arrived = before + count
    wait_until(lambda: len(inbox(page)["items"]) == arrived, what="the orders' events")


def wait_until_seen(page):
    wait_until(lambda: unseen(page) == 0, what="the event to be seen")


def test_the_open_inbox_is_seen_and_loses_its_badge(embedded, browser_as):
    page = browser_as(embedded, "ana")
    assert unseen(page) > 0  # the welcome
    page.goto("/inbox/")
    expect(page.locator(".hub-bell .hub-badge")).to_be_hidden()
    expect(page.get_by_role("button", name="Mark all as seen")).to_have_count(0)
    assert unseen(page) == 0


def test_without_scripts_buttons_mark_all_as_seen_and_open_an_event(embedded, browser_as):
    page = browser_as(embedded, "ana", java_script_enabled=False)
    order(page, embedded)
    page.goto("/inbox/")
    page.get_by_role("button", name="Mark all as seen").click()
    expect(page.get_by_text("2 marked as seen.")).to_be_visible()
    assert unseen(page) == 0
    page.locator(".hub-item", has_text="Teapot").get_by_role("button").first.click()
    expect(page.get_by_role("heading", name="Order")).to_be_visible()
    items = inbox(page)["items"]
    assert [item["read"] for item in items if item["type"] == "order.received"] == [True]


def test_an_inbox_to_which_another_site_led_is_seen_by_its_button_only(ana, embedded):
    ana.clock.install()
    ana.goto(embedded.url.replace("127.0.0.1", "localhost"))
    order(ana, embedded)
    ana.evaluate("url => { location.href = url; }", f"{embedded.url}/inbox/")
    button = ana.get_by_role("button", name="Mark all as seen")
    expect(button).to_be_visible()
    ana.clock.run_for(LONG)
    assert unseen(ana) == 1
    button.click()
    wait_until_seen(ana)


def test_a_toast_that_stood_for_two_seconds_is_seen(ana, embedded):
    order(ana, embedded)
    expect(ana.locator(".hub-toast")).to_have_count(1)
    wait_until_seen(ana)


def test_a_toast_in_a_hidden_tab_is_not_seen_until_the_tab_is_shown(ana, embedded):
    ana.clock.install()
    ana.goto("/")
    expect(ana.locator("html")).to_have_attribute("data-hub-state", "live")
    ana.evaluate(HIDE, True)
    order(ana, embedded)
    ana.clock.run_for(LONG)
    assert unseen(ana) == 1
    expect(ana.locator(".hub-toast")).to_have_count(0)
    ana.evaluate(HIDE, False)
    expect(ana.locator(".hub-toast")).to_have_count(1)
    ana.clock.run_for(LONG)
    wait_until_seen(ana)


@pytest.mark.parametrize("role", ["button", "link"])
def test_a_toast_that_is_closed_or_followed_at_once_is_seen(ana, embedded, role):
    ana.clock.install()  # so that the toast does not stand for two seconds
    ana.goto("/")
    expect(ana.locator("html")).to_have_attribute("data-hub-state", "live")
    order(ana, embedded)
    ana.locator(".hub-toast").get_by_role(role).first.click()
    ana.clock.run_for(1_500)  # the reporter's own delay
    wait_until_seen(ana)


def test_many_events_of_a_type_are_one_toast_that_leads_to_the_inbox_and_marks_none(ana, embedded):
    order(ana, embedded, 5)
    toast = ana.locator(".hub-toast", has_text="Your orders: 5")
    expect(toast.get_by_role("link")).to_have_attribute("href", "/inbox/")
    ana.wait_for_timeout(4_000)  # longer than a toast stands until it is seen, and its report
    assert unseen(ana) > 0
