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
    expect(row.locator("td")).to_have_text("20")
    wait_until(lambda: is_timed(dashboard), what="a figure for the latency")
    expect(dashboard.locator("[data-figure=errors]")).to_have_text("0")
    expect(dashboard.locator("[data-table=processes] tr")).to_have_count(1)
    charts = dashboard.get_by_role("img", name=re.compile("at most"))
    expect(charts).to_have_count(2)


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
    looks = {"viewport": {"width": 360, "height": 640}, "color_scheme": "dark"}
    page = open_dashboard(shared_embedded, browser_as, **looks)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize(("who", "status"), [("ana", 403), ("admin", 200)])
def test_the_dashboard_is_for_staff_only(shared_embedded, browser_as, who, status):
    browser_as.allow("status of 403")
    assert browser_as(shared_embedded, who).goto("/dashboard/").status == status


def test_an_anonymous_visitor_has_to_log_in(shared_embedded, browser_as):
    page = browser_as(shared_embedded)
    page.goto("/dashboard/")
    assert page.url.endswith("/accounts/login/?next=/dashboard/")
