"""Several tabs of one browser: one socket, one toast, and what one tab does the others follow."""

import json

import pytest
from playwright.sync_api import expect

from tests.frontend.browsing import drop_price, new_user, visit, wait_until_live
from tests.rig.turnstile import Turnstile
from tests.rig.wait import wait_until

WITHOUT_WORKERS = "delete window.SharedWorker"
ALONE = WITHOUT_WORKERS + "; delete window.BroadcastChannel"
HIDE = """isHidden => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def who(shared_embedded):
    return new_user(shared_embedded)


@pytest.fixture
def turnstile(shared_embedded):
    with Turnstile(shared_embedded.url) as passage:
        yield passage


def open_tabs(page, count, path="/"):
    """Further tabs of the same browser, live."""
    tabs = [page]
    while len(tabs) < count:
        tabs.append(page.context.new_page())
        visit(tabs[-1], path)
    return tabs


def toasts(tabs):
    return [tab.locator(".hub-toast").count() for tab in tabs]


def showing(tabs):
    """The one tab that shows toasts."""
    wait_until(lambda: sum(toasts(tabs)) > 0, what="a toast")
    [tab] = [tab for tab, count in zip(tabs, toasts(tabs), strict=True) if count]
    return tab


def test_ten_tabs_have_one_socket_and_one_toast_that_is_gone_everywhere_once_closed(
    turnstile, shared_embedded, browser_as, who
):
    page = browser_as(turnstile, who)
    wait_until_live(page)
    tabs = open_tabs(page, 10)
    wait_until(lambda: turnstile.open == 1, what=lambda: f"one socket, {turnstile.open} are open")
    drop_price(shared_embedded)
    shown = showing(tabs)
    assert sum(toasts(tabs)) == 1
    for tab in tabs:
        # The welcome is unseen. The toast is seen after two seconds, and no longer counted.
        expect(tab.locator(".hub-bell .hub-badge")).to_have_text("1")
        expect(tab).to_have_title("(1) Things for a quiet home · Kettle & Co")
    shown.get_by_role("button", name="Close").click()
    wait_until(lambda: sum(toasts(tabs)) == 0, what="no toast")
    for tab in tabs:
        tab.evaluate(HIDE, True)
    for tab in tabs:
        tab.evaluate(HIDE, False)
        assert sum(toasts(tabs)) == 0
    assert turnstile.open == 1


def test_a_toast_moves_along_to_the_tab_that_is_looked_at(shared_embedded, browser_as, who):
    tabs = open_tabs(browser_as(shared_embedded, who), 3)
    drop_price(shared_embedded)
    before = showing(tabs)
    before.evaluate(HIDE, True)
    others = [tab for tab in tabs if tab is not before]
    wait_until(lambda: (toasts([before]), sum(toasts(others))) == ([0], 1), what="the other tab's")
    before.evaluate(HIDE, False)
    wait_until(lambda: (toasts([before]), sum(toasts(others))) == ([1], 0), what="the first tab's")


@pytest.mark.parametrize("script", [WITHOUT_WORKERS, ALONE])
def test_without_shared_workers_one_tab_leads_or_each_has_its_own_socket(
    turnstile, shared_embedded, browser_as, who, script
):
    page = browser_as(turnstile, who)
    page.context.add_init_script(script)
    visit(page, "/")
    tabs = open_tabs(page, 3)
    sockets = 1 if script == WITHOUT_WORKERS else 3
    wait_until(lambda: turnstile.open == sockets, what=lambda: f"{turnstile.open} sockets")
    drop_price(shared_embedded)
    wait_until(lambda: sum(toasts(tabs)) == sockets, what="the toast")


def test_when_the_tab_that_leads_is_closed_another_one_goes_on(
    turnstile, shared_embedded, browser_as, who
):
    page = browser_as(turnstile, who)
    page.context.add_init_script(WITHOUT_WORKERS)
    visit(page, "/")
    leader, *others = open_tabs(page, 3)
    leader.close()
    price = drop_price(shared_embedded)
    shown = showing(others)
    expect(shown.locator(".hub-toast")).to_contain_text(price)
    wait_until(lambda: turnstile.open == 1, what="one socket")
    assert sum(toasts(others)) == 1


def test_a_script_that_cannot_be_a_worker_is_replaced_by_a_leading_tab(
    turnstile, shared_embedded, browser_as, who
):
    browser_as.allow("worker.js")
    page = browser_as(turnstile, who)
    page.context.route("**/sharing/worker.js", lambda route: route.abort())
    tabs = open_tabs(page, 2)
    for tab in tabs:
        visit(tab, "/")
    wait_until(lambda: turnstile.open == 1, what=lambda: f"{turnstile.open} sockets")
    drop_price(shared_embedded)
    assert sum(toasts([showing(tabs)])) == 1


def test_another_user_of_the_browser_sees_nothing_of_the_first(shared_embedded, browser_as, who):
    page = browser_as(shared_embedded, who)
    other = new_user(shared_embedded, "chair")
    left = open_tabs(page, 2)[1]
    page.get_by_role("button", name="Log out").click()
    expect(left.locator(".hub-ended")).to_contain_text("You are logged out")
    expect(left.get_by_role("link", name="Log in")).to_have_attribute("href", "/accounts/login/")
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill(other)
    page.get_by_label("Password").fill("demo")
    page.get_by_role("button", name="Log in").click()
    wait_until_live(page)
    drop_price(shared_embedded)  # the first one watches it
    drop_price(shared_embedded, "chair")
    expect(page.locator(".hub-toast")).to_contain_text("Ladder-back chair")
    assert toasts([page, left]) == [1, 0]


def test_preferences_count_in_open_tabs_at_once(shared_embedded, browser_as, who):
    page = browser_as(shared_embedded, who)
    settings, other = open_tabs(page, 2)
    visit(settings, "/inbox/preferences/")
    settings.get_by_role("checkbox", name="Price drops of products you watch: toast").uncheck()
    with other.expect_event("console", lambda line: line.text == "changed"):
        other.evaluate(
            """() => document.addEventListener("hub:event", ({ detail }) => {
              if (detail.type === "inbox.changed") setTimeout(() => console.log("changed"), 1000);
            })"""
        )
        settings.get_by_role("button", name="Save").click()
    drop_price(shared_embedded)
    for tab in (settings, other):
        expect(tab.locator(".hub-bell .hub-badge")).to_have_text("2")
        expect(tab.locator(".hub-toast")).to_have_count(0)


def test_forty_events_in_a_second_are_a_few_toasts_and_utterances(shared_embedded, browser_as, who):
    page = browser_as(shared_embedded, who)
    wait_until_live(page)
    page.evaluate("""() => {
      window.said = [];
      for (const line of document.querySelectorAll("[class*=hub-announced]")) {
        const read = () => line.textContent.trim() && window.said.push(line.textContent);
        new MutationObserver(read).observe(line, { childList: true });
      }
      window.most = 0;
      const count = () => {
        window.most = Math.max(window.most, document.querySelectorAll(".hub-toast").length);
      };
      const list = document.querySelector(".hub-toasts-list");
      new MutationObserver(count).observe(list, { childList: true });
    }""")
    shared_embedded.python(
        "from orders.models import Order, Product, User\n"
        "from django.db import transaction\n"
        f"user = User.objects.get(username='{who}')\n"
        "teapot = Product.objects.get(slug='teapot')\n"
        "with transaction.atomic():\n"
        "    for product in Product.objects.exclude(slug='teapot')[:8]:\n"
        "        product.watchers.add(user)\n"
        "with transaction.atomic():\n"
        "    for product in Product.objects.all():\n"
        "        product.price -= 1\n"
        "        product.save()\n"
        "    for _ in range(31):\n"
        "        Order.objects.create(product=teapot, ordered_by=user, quantity=1)"
    )
    expect(page.locator(".hub-toast", has_text="Your orders: 31")).to_be_visible()
    expect(page.locator(".hub-toast", has_text="Prices dropped on 9 of")).to_be_visible()
    wait_until(lambda: page.evaluate("window.said.length"), what="an utterance")
    page.wait_for_timeout(1_500)  # longer than texts are collected
    said = page.evaluate("window.said")
    assert len(said) <= 3, json.dumps(said)
    assert page.evaluate("window.most") <= 4


def test_offline_is_said_within_a_second_and_what_was_missed_comes_once_after_it(
    turnstile, shared_embedded, browser_as, who
):
    browser_as.allow("WebSocket", "Failed to load resource", "ERR_")
    page = browser_as(turnstile, who)
    visit(page, "/products/teapot/")
    turnstile.is_down = True
    page.context.set_offline(True)
    line = page.locator("#hub-connection")
    expect(line).to_contain_text("You are offline. Last updated", timeout=1_000)
    expect(page.locator("html")).to_have_attribute("data-hub-stale", "")
    price = drop_price(shared_embedded)
    turnstile.is_down = False
    page.context.set_offline(False)
    wait_until_live(page)
    expect(line).to_be_hidden()
    expect(page.locator(".hub-toast")).to_have_count(1)
    expect(page.locator("[data-live=price]")).to_have_text(price)
    visit(page, "/")
    expect(page.locator(".hub-toast")).to_have_count(1)  # handed on, not a second one


def test_a_lost_connection_offers_to_try_now(turnstile, browser_as, who):
    browser_as.allow("WebSocket", "ERR_")
    page = browser_as(turnstile, who)
    wait_until_live(page)
    turnstile.is_down = True
    line = page.locator("#hub-connection")
    expect(line).to_contain_text("Reconnecting… Last updated")
    turnstile.is_down = False
    page.wait_for_function("performance.now() > 0")
    line.get_by_role("button", name="Try now").click()
    wait_until_live(page)
    expect(line).to_be_hidden()
