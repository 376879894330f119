"""The dashboard in a real browser on a real server."""

import re

import pytest
from playwright.sync_api import expect

from tests.frontend.browsing import is_timed
from tests.rig.wait import wait_until


@pytest.fixture
def dashboard(shared_embedded, browser_as):
    return open_dashboard(shared_embedded, browser_as)


def open_dashboard(server, browser_as, **options):
    page = browser_as(server, "admin", **options)
    page.goto("/dashboard/")
    expect(page.locator(".hub-metrics")).to_have_attribute("data-state", "live")
    return page


def test_requests_appear_as_figures_routes_and_lines(dashboard):
    for _ in range(20):
        dashboard.request.get("/products/lamp/")
    row = dashboard.locator("[data-table=routes] tr").filter(has_text="products/<slug:slug>/")
    expect(row.locator("td").first).to_have_text("20")
    wait_until(lambda: is_timed(dashboard), what="a figure for the latency")
    expect(dashboard.locator("[data-figure=errors]")).to_have_text("0")
    expect(dashboard.locator("[data-table=processes] tr")).to_have_count(1)
    charts = dashboard.get_by_role("img", name=re.compile("at most"))
    expect(charts).to_have_count(2)


def falls(texts):
    """Whether there are several figures, the highest first."""
    return len(texts) > 2 and texts == sorted(texts, key=int, reverse=True)


def test_routes_are_sorted_by_the_keyboard_too(dashboard):
    for path, times in [("/", 1), ("/accounts/login/", 5), ("/nowhere/", 40)]:
        for _ in range(times):
            dashboard.request.get(path)
    rows = dashboard.locator("[data-table=routes] tr")
    first = rows.first.locator("th")
    expect(rows.filter(has_text="unrouted").locator("td").first).to_have_text(re.compile(r"\d+"))
    wait_until(lambda: falls(rows.locator("td:nth-child(2)").all_inner_texts()), what="an order")
    head = dashboard.locator("thead").filter(has=dashboard.locator("[data-sort]"))
    assert head.locator("[aria-sort]").all_inner_texts() == ["Requests"]
    head.get_by_role("button", name="Requests").focus()
    dashboard.keyboard.press("Shift+Tab")
    dashboard.keyboard.press("Enter")
    expect(head.locator("[aria-sort=ascending]")).to_have_text("Route")
    expect(first).to_have_text("/")
    dashboard.keyboard.press("Enter")
    expect(head.locator("[aria-sort=descending]")).to_have_text("Route")
    expect(first).to_have_text("unrouted")
    expect(head.get_by_role("button", name="Route")).to_be_focused()


def test_the_slowest_requests_carry_the_id_that_the_client_was_told(embedded, browser_as):
    page, visitor = open_dashboard(embedded, browser_as), browser_as(embedded)
    visitor.goto("/accounts/login/")
    visitor.locator("[name=username]").fill("ana")
    visitor.locator("[name=password]").fill("demo")
    # The hash of a password takes longer than all else.
    with visitor.expect_response(lambda response: response.request.method == "POST") as posted:
        visitor.locator("[name=password]").press("Enter")
    told = posted.value.header_value("x-request-id")
    row = page.locator("[data-table=slowest] tr").filter(has=page.get_by_text(told, exact=True))
    expect(row.locator("th")).to_have_text("POST accounts/login/")
    expect(row.locator("td").nth(1)).to_have_text("302")
    expect(page.get_by_text("Nothing was timed")).to_be_hidden()
    expect(page.locator("[data-figure=p99]")).to_have_text(re.compile(r"\d m?s$"))
    # A page that opens later knows what was before.
    page.reload()
    expect(row).to_be_visible()


@pytest.mark.parametrize(("who", "status"), [("ana", 403), ("admin", 200)])
def test_the_history_is_for_staff_only(shared_embedded, browser_as, who, status):
    browser = browser_as(shared_embedded, who)
    answer = browser.request.get("/dashboard/history")
    assert (answer.status, "metrics.sample" in answer.text()) == (status, status == 200)


def test_looking_at_the_dashboard_is_not_in_its_figures(dashboard):
    dashboard.reload()
    dashboard.request.get("/products/lamp/")
    names = dashboard.locator("[data-table=routes] th")
    expect(names.filter(has_text="products/<slug:slug>/")).to_be_visible()
    expect(names.filter(has_text="dashboard")).to_have_count(0)
    expect(dashboard.get_by_text("No requests in the last minute.")).to_be_hidden()


def test_what_staff_are_told_is_listed_and_no_toast_covers_the_figures(embedded, browser_as):
    page = open_dashboard(embedded, browser_as)
    embedded.python(
        "from orders.models import Order, Product, User\n"
        "ana = User.objects.get(username='ana')\n"
        "teapot = Product.objects.get(slug='teapot')\n"
        "for _ in range(12): Order.objects.create(product=teapot, ordered_by=ana, quantity=1)"
    )
    rows = page.locator("[data-list=staff] li")
    expect(rows).to_have_count(10)
    expect(rows.first.get_by_role("link", name="New order")).to_be_visible()
    expect(page.get_by_text("Nothing yet.")).to_be_hidden()
    expect(page.locator(".hub-toast")).to_have_count(0)


def test_the_dashboard_says_that_samples_are_missing(embedded, browser_as):
    browser_as.allow("WebSocket connection to")
    dashboard = open_dashboard(embedded, browser_as)
    embedded.server.terminate()
    state = dashboard.locator("[data-metrics=state]")
    expect(state).to_have_text(re.compile("No samples"))
    expect(dashboard.locator("[data-figure=rate]")).to_have_text("\N{EN DASH}")


def test_the_dashboard_fits_a_narrow_dark_screen(shared_embedded, browser_as):
    looks = {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"}
    page = open_dashboard(shared_embedded, browser_as, **looks)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize(("who", "status"), [("ana", 403), ("admin", 200)])
def test_the_dashboard_is_for_staff_only(shared_embedded, browser_as, who, status):
    browser_as.allow("status of 403")
    assert browser_as(shared_embedded, who).goto("/dashboard/").status == status


def test_an_anonymous_visitor_has_to_log_in(shared_embedded, browser_as):
    page = browser_as(shared_embedded)
    page.goto("/dashboard/")
    assert page.url.endswith("/accounts/login/?next=/dashboard/")


A_LOAD_BEFORE = """
import time
from hub.metrics.measured import store
from hub.metrics.spans import Figures
begins = (int(time.time()) - 1800) // 60 * 60
store([(begins + 10 * n, Figures(777, {"2xx": 777}, {200: 777})) for n in range(6)], "before")
"""


def test_the_charts_reach_back_an_hour_and_a_day_and_stand_still(dashboard, shared_embedded):
    shared_embedded.python(A_LOAD_BEFORE)
    load = dashboard.get_by_role("img", name=re.compile("Requests per second in the time shown"))
    dashboard.get_by_text("The charts as a table").click()
    rows = dashboard.locator("[data-table=twin] tr")
    for window, columns, busy in (("1 hour", 360, 6), ("24 hours", 1440, 1)):
        dashboard.get_by_label(window).check()
        expect(load).to_have_attribute("aria-label", re.compile("at most 78$"))
        expect(rows).to_have_count(columns)
        expect(rows.filter(has=dashboard.get_by_text("78", exact=True))).to_have_count(busy)
    dashboard.get_by_role("button", name="Pause").click()
    dashboard.get_by_label("5 minutes").check()
    expect(load).not_to_have_attribute("aria-label", re.compile("at most 78$"))
    newest = rows.first.inner_text()
    wait_until(lambda: is_timed(dashboard), what="further requests")
    assert rows.first.inner_text() == newest
    dashboard.get_by_role("button", name="Pause").click()
    wait_until(lambda: rows.first.inner_text() != newest, what="a new second")
