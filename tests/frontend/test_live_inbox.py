"""The open page of the inbox: it changes where it stands, in every tab and browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.frontend.browsing import visit
from tests.rig.wait import wait_until

SECOND = 1_000  # milliseconds


def give_orders(stack, count):
    stack.python(
        "from orders.models import Order, Product, User\n"
        "ana = User.objects.get(username='ana')\n"
        "product = Product.objects.get(slug='teapot')\n"
        f"for number in range({count}):\n"
        "    Order.objects.create(product=product, ordered_by=ana, quantity=1)"
    )


def rows(page):
    return page.locator(".hub-item")


@pytest.fixture
def ana(embedded, browser_as):
    """The inbox of ana with three orders and the welcome."""
    give_orders(embedded, 3)
    page = browser_as(embedded, "ana")
    visit(page, "/inbox/")
    expect(rows(page)).to_have_count(4)
    return page


def test_a_row_enters_on_top_and_the_title_and_the_filter_count(ana, embedded):
    expect(ana.locator(".hub-bell .hub-badge")).to_be_hidden()
    give_orders(embedded, 1)
    expect(rows(ana)).to_have_count(5)
    expect(rows(ana).first).to_contain_text("new")
    expect(ana.get_by_role("link", name=re.compile("Unread")).locator(".hub-badge")).to_have_text(
        "5"
    )
    expect(ana.get_by_role("heading", name="Today")).to_be_visible()
    expect(rows(ana).first.locator("time")).to_have_text(re.compile("minute"))
    expect(ana.locator(".hub-toast")).to_have_count(0)


def test_new_rows_wait_behind_a_button_while_the_list_is_scrolled(ana, embedded):
    give_orders(embedded, 14)
    expect(rows(ana)).to_have_count(18)
    ana.evaluate("scrollTo(0, 900)")
    read = ana.locator(f"#{rows(ana).nth(9).get_attribute('id')}")
    place = read.bounding_box()["y"]
    give_orders(embedded, 2)
    button = ana.get_by_role("button", name="2 new")
    expect(button).to_be_visible()
    expect(rows(ana).filter(visible=True)).to_have_count(18)
    wait_until(lambda: abs(read.bounding_box()["y"] - place) < 2, what="what is read in its place")
    button.click()
    expect(rows(ana).filter(visible=True)).to_have_count(20)
    wait_until(lambda: ana.evaluate("scrollY") == 0, what="the top of the list")


def test_what_is_done_in_one_browser_is_seen_in_another_within_a_second(ana, embedded, browser_as):
    other = browser_as(embedded, "ana")
    visit(other, "/inbox/")
    expect(rows(other)).to_have_count(4)
    tab = ana.context.new_page()
    visit(tab, "/inbox/?state=unread")
    first = rows(ana).first.get_attribute("id")
    rows(ana).first.get_by_role("button", name="Archive").click()
    for page in (ana, other, tab):
        expect(page.locator(f"#{first}")).to_have_count(0, timeout=SECOND)
    rows(other).first.get_by_role("button", name="Mark read").click()
    expect(rows(ana).first.get_by_role("button", name="Mark unread")).to_be_visible(timeout=SECOND)


def test_a_row_changes_in_place_and_the_focus_stays_where_the_work_is(ana, embedded):
    give_orders(embedded, 14)
    expect(rows(ana)).to_have_count(18)
    third, fourth = (rows(ana).nth(number).get_attribute("id") for number in (9, 10))
    archive = ana.locator(f"#{third}").get_by_role("button", name="Archive")
    archive.scroll_into_view_if_needed()
    before = ana.evaluate("scrollY")
    archive.click()
    expect(ana.locator(f"#{third}")).to_have_count(0)
    expect(ana.locator(f"#{fourth}").get_by_role("button", name="Archive")).to_be_focused()
    assert abs(ana.evaluate("scrollY") - before) < 200
    expect(ana.locator("[data-hub-said]")).to_have_text("Archived.")
    ana.get_by_role("button", name="Undo").click()
    expect(ana.locator(f"#{third}")).to_be_visible()


def test_undo_is_offered_for_ten_seconds(ana):
    rows(ana).first.get_by_role("button", name="Archive").click()
    undo = ana.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    assert "?" not in ana.url
    expect(undo).to_have_count(0, timeout=12 * SECOND)
    ana.reload()
    expect(undo).to_have_count(0)


def test_from_the_shops_first_page_the_third_item_is_archived_in_eight_keys(ana):
    third = rows(ana).nth(2).get_attribute("id")
    visit(ana, "/")
    ana.evaluate("window.keys = 0; addEventListener('keydown', () => { window.keys += 1; })")
    pressed = 0

    def press(*keys):
        nonlocal pressed
        for key in keys:
            ana.keyboard.press(key)
            pressed += 1

    press("Tab", "Tab", "Tab", "Enter")
    expect(rows(ana)).to_have_count(4)
    expect(ana.locator("html")).to_have_attribute("data-hub-state", "live")
    press("j", "j", "j", "e")
    expect(ana.locator(f"#{third}")).to_have_count(0)
    assert pressed <= 8


def test_the_help_sheet_lists_the_keys(ana):
    ana.keyboard.press("?")
    sheet = ana.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_be_visible()
    ana.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    ana.keyboard.press("/")
    expect(ana.get_by_role("link", name="All", exact=True)).to_be_focused()
    ana.keyboard.press("k")
    ana.keyboard.press("u")
    expect(rows(ana).last.get_by_role("button", name="Mark unread")).to_be_focused()
    ana.keyboard.press("z")
    expect(rows(ana).last.get_by_role("button", name="Mark read")).to_be_visible()


def test_a_kind_is_muted_at_the_item_and_the_list_stays(ana):
    row = rows(ana).first
    row.get_by_text("Why this?").click()
    expect(row.get_by_text("It is about you. Kind: Your orders.")).to_be_visible()
    row.get_by_role("button", name="Mute this kind").click()
    expect(rows(ana)).to_have_count(1)
    ana.get_by_role("button", name="Undo").click()
    expect(rows(ana)).to_have_count(4)


def test_an_answer_that_is_no_inbox_changes_nothing_and_says_so(ana, browser_as):
    browser_as.allow("429")
    ana.route("**/inbox/**/archive", lambda route: route.fulfill(status=429, body="slow down"))
    rows(ana).first.get_by_role("button", name="Archive").click()
    expect(ana.locator("[data-hub-said]")).to_have_text("That did not work. Please try again.")
    expect(rows(ana)).to_have_count(4)
