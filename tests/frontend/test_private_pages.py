"""The pages of signed-in users leave nothing in caches, and nothing on screen after a log-out."""

import re

import pytest
from playwright.sync_api import expect

from orders.models import Order
from tests.frontend.browsing import visit, wait_until_live
from tests.orders.shop import user

PAGES = [
    "/",
    "/products/teapot/",
    "/orders/",
    "/orders/{order}/",
    "/account/",
    "/accounts/password_change/",
    "/accounts/password_reset/",
    "/accounts/reset/MQ/a-wrong-token/",
    "/accounts/confirm/a-wrong-token/",
    "/inbox/",
    "/inbox/preferences/",
    "/dashboard/",
    "/admin/",
    "/nothing/",
    "/api/notifications",
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_a_signed_in_user_is_never_stored(client, teapot, path):
    admin = user("admin", is_staff=True, is_superuser=True)
    order = Order.objects.create(product=teapot, ordered_by=admin, quantity=1)
    client.force_login(admin)
    header = client.get(path.format(order=order.number))["Cache-Control"]
    assert {"private", "no-store"} <= set(header.split(", "))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/", "/products/teapot/", "/static/frontend/shop.css"])
def test_what_is_the_same_for_everybody_may_be_stored(client, teapot, path):
    response = client.get(path)
    assert "no-store" not in response.get("Cache-Control", "")
    response.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "path", ["/accounts/confirm/x/", "/accounts/end-sessions/x/", "/accounts/reset/MQ/x/"]
)
def test_a_page_behind_a_link_of_an_email_is_never_stored(client, path):
    assert "no-store" in client.get(path)["Cache-Control"]


def log_out_elsewhere(page):
    other = page.context.new_page()
    other.goto("/")
    other.get_by_role("button", name="Log out").click()
    expect(other.get_by_text("You are logged out.")).to_be_visible()


def expect_nothing_private(page):
    expect(page.locator(".hub-ended")).to_be_visible()
    expect(page.locator("main")).to_be_empty()
    expect(page.locator("header nav")).to_be_empty()
    assert "ana" not in page.locator("body").inner_text()


def test_a_page_is_emptied_when_its_user_logs_out_elsewhere(shared_embedded, browser_as):
    page = browser_as(shared_embedded, "ana")
    visit(page, "/account/")
    log_out_elsewhere(page)
    expect_nothing_private(page)


def test_the_bells_panel_and_the_title_go_with_the_user(shared_embedded, browser_as):
    page = browser_as(shared_embedded, "ana")
    visit(page, "/products/teapot/")
    page.get_by_role("button", name="Order").click()
    expect(page).to_have_url(re.compile("/orders/"))
    number = page.url.rstrip("/").rpartition("/")[2]
    assert number in page.title()
    wait_until_live(page)
    page.locator("[data-hub-bell]").click()
    expect(page.get_by_role("dialog", name="Inbox")).to_contain_text(number)
    log_out_elsewhere(page)
    expect_nothing_private(page)
    assert number not in page.content()


def test_a_page_from_the_back_forward_cache_is_emptied_after_a_log_out(shared_embedded, browser_as):
    page = browser_as(shared_embedded, "ana")
    visit(page, "/account/")
    leave = "dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))"
    page.evaluate(leave)
    log_out_elsewhere(page)
    page.evaluate(leave.replace("pagehide", "pageshow"))
    expect_nothing_private(page)


def test_the_back_button_after_a_log_out_leads_to_the_log_in(shared_embedded, browser_as):
    page = browser_as(shared_embedded, "ana")
    visit(page, "/account/")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("You are logged out.")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile("/accounts/login/"))
