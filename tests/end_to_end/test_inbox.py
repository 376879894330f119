"""The inbox and the API's description in a real Chromium, under the site's content policy."""

import re

import pytest

from tests.rig.browser import Browsers
from tests.rig.stack import Stack

expect = pytest.importorskip("playwright.sync_api").expect  # absent from requirements.txt


def test_an_order_is_read_undone_and_chosen_about(embedded: Stack, browser_as: Browsers) -> None:
    page = browser_as(embedded.server, "ana")
    page.goto("/products/teapot/")
    page.get_by_role("button", name="Order").click()
    page.wait_for_url(re.compile(r"/orders/\d{4}-\d{6}/$"))
    toast = page.locator(".hub-toast", has_text="We have your order")
    expect(toast).to_be_visible()  # so it has its position, and is in the inbox
    page.goto("/inbox/")
    mine = page.locator(".hub-item", has_text="Teapot")
    expect(mine).to_have_class(re.compile("unread"))
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator(".hub-undo")).to_contain_text("2 marked as read.")
    expect(page.locator(".hub-item.unread")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(mine).to_have_class(re.compile("unread"))
    mine.get_by_role("button", name="Archive").click()
    expect(mine).to_have_count(0)
    page.get_by_role("link", name="Archived").click()
    expect(mine).to_be_visible()
    page.get_by_role("link", name="Notification preferences").click()
    box = page.get_by_label("Your orders: email")
    box.uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your preferences were saved.")).to_be_visible()
    expect(box).not_to_be_checked()


def test_the_apis_description_works_and_sends_the_token(
    embedded: Stack, browser_as: Browsers
) -> None:
    page = browser_as(embedded.server, "ana")
    page.goto("/api/docs")
    ticket = page.locator(".opblock", has_text="/api/ticket")
    ticket.locator(".opblock-summary-control").click()
    ticket.get_by_role("button", name="Try it out").click()
    ticket.get_by_role("button", name="Execute").click()
    answer = ticket.locator(".live-responses-table tbody .response-col_status").first
    expect(answer).to_contain_text("200")
