"""Notices of a changed account: the user is warned in every browser but the one that did it."""

from playwright.sync_api import expect

from tests.frontend.browsing import new_user, visit


def test_the_browser_that_changed_the_account_is_not_alarmed(shared_embedded, browser_as):
    who = new_user(shared_embedded)
    page, other = (browser_as(shared_embedded, who) for _ in range(2))
    visit(other, "/")
    visit(page, "/account/")
    tab = page.context.new_page()
    visit(tab, "/")
    page.get_by_label("First name").fill("Changed")
    page.get_by_role("button", name="Save").first.click()
    toast = other.locator(".hub-toast")
    expect(toast).to_contain_text("Your account was changed")
    expect(tab.locator(".hub-bell .hub-badge")).to_have_text("2")  # with the welcome
    for one in (page, tab):
        expect(one.locator(".hub-toast")).to_have_count(0)
    toast.get_by_role("link", name="Your account was changed").click()
    expect(other).to_have_url(f"{shared_embedded.url}/accounts/password_change/")
