"""Quiet hours in the browser: only what is critical becomes a toast, in open tabs at once."""

import datetime

from playwright.sync_api import expect

from tests.frontend.browsing import drop_price, new_user, visit
from tests.rig.wait import wait_until

NOTE_FIGURES = """async () => {
  const { src } = document.querySelector("script[src*='hub/page.js']");
  const { connect } = await import(new URL("hub.js", src));
  connect().on("inbox", () => { window.hasRead = true; });
}"""


def toasts_of(*tabs):
    return [
        title
        for tab in tabs
        for title in tab.locator(".hub-toast .hub-toast-title").all_inner_texts()
    ]


def test_open_tabs_are_quiet_at_once_and_told_of_what_protects_the_account(
    shared_embedded, browser_as
):
    who = new_user(shared_embedded)
    page = browser_as(shared_embedded, who)
    visit(page, "/preferences/")
    tab = page.context.new_page()
    visit(tab, "/")
    now = datetime.datetime.now(datetime.UTC)
    hours = [f"{now + datetime.timedelta(hours=by):%H:%M}" for by in (-1, 1)]
    expect(page.get_by_label("Time zone")).to_have_value("UTC")
    page.get_by_label("From").fill(hours[0])
    page.get_by_label("To", exact=True).fill(hours[1])
    tab.evaluate(NOTE_FIGURES)
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("Your quiet hours were saved.")).to_be_visible()
    wait_until(lambda: tab.evaluate("window.hasRead"), what="the tab's new hours")
    drop_price(shared_embedded)
    expect(tab.locator(".hub-bell .hub-badge")).to_have_text("2")
    assert toasts_of(page, tab) == []
    shared_embedded.python(
        "from orders.models import User\n"
        f"user = User.objects.get(username='{who}')\n"
        "user.first_name = 'Changed'\n"
        "user.save()"
    )
    wait_until(lambda: toasts_of(page, tab), what="a toast")
    assert toasts_of(page, tab) == ["Your account was changed"]
