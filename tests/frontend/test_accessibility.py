"""axe-core finds nothing on any page, narrow and wide, light and dark, nor in what lies over it."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.frontend.browsing import give_orders, visit

LOOKS = {
    "wide and light": {"viewport": {"width": 1280, "height": 900}},
    "narrow and dark": {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"},
}
VISITORS = ["/", "/products/teapot/", "/accounts/login/", "/accounts/signup/"]
USERS = [
    "/orders/",
    "/inbox/",
    "/inbox/?state=archived",
    "/inbox/?state=snoozed",
    "/inbox/preferences/",
    "/account/",
]


def check(page):
    page.emulate_media(reduced_motion="reduce")  # nothing is measured while it fades in
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


@pytest.fixture(params=LOOKS.values(), ids=LOOKS)
def page_of(request, shared_embedded, browser_as):
    return lambda who: browser_as(shared_embedded, who, **request.param)


def test_the_pages_of_visitors(page_of):
    page = page_of(None)
    for path in VISITORS:
        visit(page, path)
        check(page)


def test_the_pages_of_users_with_toasts_and_the_help_sheet(page_of, shared_embedded):
    page = page_of("ana")
    give_orders(shared_embedded, 1)
    expect(page.locator(".hub-toast")).not_to_have_count(0)
    check(page)
    for path in USERS:
        visit(page, path)
        check(page)
    visit(page, "/inbox/")
    page.locator(".hub-item").first.get_by_role("button", name="Mark").click()
    for menu in (".hub-item-why", "[data-action=snooze]"):
        page.locator(f".hub-item {menu} summary").first.click()
        check(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    check(page)
    visit(page, "/")
    page.locator(".hub-bell").click()
    expect(page.locator(".hub-bell-panel .hub-item").first).to_be_visible()
    check(page)


def test_the_dashboard_of_staff_and_a_lost_connection(page_of, shared_embedded):
    page = page_of("admin")
    page.goto("/dashboard/")
    expect(page.locator(".hub-metrics")).to_have_attribute("data-state", "live")
    check(page)
    page.goto("/dashboard/trace/")
    check(page)
    page.locator(".hub-trace td a").first.click()
    expect(page.get_by_role("heading", name="Content")).to_be_visible()
    check(page)
    visit(page, "/products/teapot/")
    page.evaluate("""() => {
      Object.defineProperty(navigator, "onLine", { get: () => false });
      dispatchEvent(new Event("offline"));
    }""")
    page.locator("#hub-connection").evaluate("line => { line.hidden = false; }")
    check(page)
