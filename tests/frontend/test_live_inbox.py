"""The open page of the inbox: it changes where it stands, in every tab and browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.frontend.browsing import drop_price, give_orders, new_user, visit
from tests.rig.wait import wait_until

SECOND = 1_000  # milliseconds


def rows(reader):
    return reader.locator(".hub-item")


@pytest.fixture
def who(shared_embedded):
    return new_user(shared_embedded)


@pytest.fixture
def give(shared_embedded, who):
    """Give the user further orders."""
    return lambda count: give_orders(shared_embedded, count, who)


@pytest.fixture
def reader(give, shared_embedded, who, browser_as):
    """The inbox of a user with three orders and the welcome."""
    give(3)
    reader = browser_as(shared_embedded, who)
    visit(reader, "/inbox/")
    expect(rows(reader)).to_have_count(4)
    return reader


def test_a_row_enters_on_top_and_the_title_and_the_filter_count(reader, give):
    expect(reader.locator(".hub-bell .hub-badge")).to_be_hidden()
    give(1)
    expect(rows(reader)).to_have_count(5)
    expect(rows(reader).first).to_contain_text("new")
    expect(
        reader.get_by_role("link", name=re.compile("Unread")).locator(".hub-badge")
    ).to_have_text("5")
    expect(reader.get_by_role("heading", name="Today")).to_be_visible()
    expect(rows(reader).first.locator("time")).to_have_text(re.compile("minute"))
    expect(reader.locator(".hub-toast")).to_have_count(0)


def test_new_rows_wait_behind_a_button_while_the_list_is_scrolled(reader, give):
    give(14)
    expect(rows(reader)).to_have_count(18)
    reader.evaluate("scrollTo(0, 900)")
    read = reader.locator(f"#{rows(reader).nth(9).get_attribute('id')}")
    place = read.bounding_box()["y"]
    give(2)
    button = reader.get_by_role("button", name="2 new")
    expect(button).to_be_visible()
    expect(rows(reader).filter(visible=True)).to_have_count(18)
    wait_until(lambda: abs(read.bounding_box()["y"] - place) < 2, what="what is read in its place")
    button.click()
    expect(rows(reader).filter(visible=True)).to_have_count(20)
    wait_until(lambda: reader.evaluate("scrollY") == 0, what="the top of the list")


def test_what_is_done_in_one_browser_is_seen_in_another_within_a_second(
    reader, who, shared_embedded, browser_as
):
    other = browser_as(shared_embedded, who)
    visit(other, "/inbox/")
    expect(rows(other)).to_have_count(4)
    tab = reader.context.new_page()
    visit(tab, "/inbox/?state=unread")
    first = rows(reader).first.get_attribute("id")
    rows(reader).first.get_by_role("button", name="Archive").click()
    for one in (reader, other, tab):
        expect(one.locator(f"#{first}")).to_have_count(0, timeout=SECOND)
    rows(other).first.get_by_role("button", name="Mark read").click()
    expect(rows(reader).first.get_by_role("button", name="Mark unread")).to_be_visible(
        timeout=SECOND
    )


def test_a_row_changes_in_place_and_the_focus_stays_where_the_work_is(reader, give):
    give(14)
    expect(rows(reader)).to_have_count(18)
    third, fourth = (rows(reader).nth(number).get_attribute("id") for number in (9, 10))
    archive = reader.locator(f"#{third}").get_by_role("button", name="Archive")
    archive.scroll_into_view_if_needed()
    before = reader.evaluate("scrollY")
    archive.click()
    expect(reader.locator(f"#{third}")).to_have_count(0)
    expect(reader.locator(f"#{fourth}").get_by_role("button", name="Archive")).to_be_focused()
    assert abs(reader.evaluate("scrollY") - before) < 200
    expect(reader.locator("[data-hub-said]")).to_have_text("Archived.")
    reader.get_by_role("button", name="Undo").click()
    expect(reader.locator(f"#{third}")).to_be_visible()


def test_undo_is_offered_for_ten_seconds(reader):
    rows(reader).first.get_by_role("button", name="Archive").click()
    undo = reader.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    assert "?" not in reader.url
    expect(undo).to_have_count(0, timeout=12 * SECOND)
    reader.reload()
    expect(undo).to_have_count(0)


def test_from_the_shops_first_page_the_third_item_is_archived_in_eight_keys(reader):
    third = rows(reader).nth(2).get_attribute("id")
    visit(reader, "/")
    reader.evaluate("window.keys = 0; addEventListener('keydown', () => { window.keys += 1; })")
    pressed = 0

    def press(*keys):
        nonlocal pressed
        for key in keys:
            reader.keyboard.press(key)
            pressed += 1

    press("Tab", "Tab", "Tab", "Enter")
    expect(rows(reader)).to_have_count(4)
    press("j", "j", "j", "e")
    expect(reader.locator(f"#{third}")).to_have_count(0)
    assert pressed <= 8


def test_the_help_sheet_lists_the_keys(reader):
    reader.keyboard.press("?")
    sheet = reader.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_be_visible()
    reader.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    reader.keyboard.press("/")
    expect(reader.get_by_role("link", name="All", exact=True)).to_be_focused()
    reader.keyboard.press("k")
    reader.keyboard.press("u")
    expect(rows(reader).last.get_by_role("button", name="Mark unread")).to_be_focused()
    reader.keyboard.press("z")
    expect(rows(reader).last.get_by_role("button", name="Mark read")).to_be_visible()


def test_a_kind_is_muted_from_now_on_at_the_item_and_the_list_stays(reader, give):
    row = rows(reader).first
    row.locator(".hub-item-why summary").click()
    expect(row.get_by_text("It is about you. Kind: Your orders.")).to_be_visible()
    row.get_by_role("button", name="Mute this kind").click()
    expect(reader.locator("[data-hub-said]")).to_have_text(re.compile("is muted: new events"))
    give(1)
    expect(rows(reader)).to_have_count(4)
    reader.get_by_role("button", name="Undo").click()
    expect(rows(reader)).to_have_count(5)


def test_an_answer_that_is_no_inbox_changes_nothing_and_says_so(reader, browser_as):
    browser_as.allow("429")
    reader.route("**/inbox/**/archive*", lambda route: route.fulfill(status=429, body="slow down"))
    rows(reader).first.get_by_role("button", name="Archive").click()
    expect(reader.locator("[data-hub-said]")).to_have_text("That did not work. Please try again.")
    expect(rows(reader)).to_have_count(4)


def test_what_was_snoozed_comes_back_at_its_time_with_a_toast(reader, who, shared_embedded):
    row = rows(reader).first
    row.locator("[data-action=open]").focus()
    reader.keyboard.press("s")
    expect(row.get_by_role("button", name="For an hour")).to_be_focused()
    reader.keyboard.press("Enter")
    expect(rows(reader)).to_have_count(3)
    expect(reader.locator("[data-hub-said]")).to_have_text(re.compile("^Snoozed until .*"))
    reader.get_by_role("link", name="Snoozed").click()
    expect(rows(reader).locator("time")).to_have_text(re.compile(r"\d+:\d\d"))
    visit(reader, "/")
    shared_embedded.python(
        "from django.utils import timezone\n"
        "from hub.models import InboxException\n"
        "InboxException.objects.filter(until__isnull=False).update(until=timezone.now())"
    )
    expect(reader.locator(".hub-toast")).to_contain_text("Reminder: We have your order")
    visit(reader, "/inbox/")
    expect(rows(reader).first).to_contain_text("Reminder: We have your order")
    expect(rows(reader)).to_have_count(4)


def test_news_of_the_same_subject_fold_what_came_before_and_end_its_snooze(reader, shared_embedded):
    drop_price(shared_embedded)
    expect(rows(reader)).to_have_count(5)
    snooze = rows(reader).first.locator("[data-action=snooze] summary")
    snooze.click()
    rows(reader).first.get_by_role("button", name="Until next week").click()
    expect(rows(reader)).to_have_count(4)
    drop_price(shared_embedded)
    expect(rows(reader)).to_have_count(5)
    expect(rows(reader).first.get_by_text("1 earlier")).to_be_visible()
    rows(reader).first.get_by_role("button", name="Archive").click()
    expect(reader.locator("[data-hub-said]")).to_have_text("2 archived.")
    expect(rows(reader)).to_have_count(4)


def test_an_open_menu_stays_while_other_rows_enter(reader, give):
    rows(reader).first.locator("[data-action=snooze] summary").click()
    moment = rows(reader).first.get_by_label("Until", exact=True)
    moment.fill("2030-01-01T10:00")
    give(1)
    # The bell is told by the same event as the list.
    expect(reader.locator(".hub-bell .hub-badge")).to_be_visible()
    expect(moment).to_have_value("2030-01-01T10:00")
    reader.keyboard.press("Escape")
    expect(rows(reader)).to_have_count(5)
    expect(moment).to_be_hidden()


def test_the_bells_panel_shows_the_list_and_works_like_the_page(reader, give):
    visit(reader, "/")
    bell = reader.locator(".hub-bell")
    bell.focus()
    reader.keyboard.press("Enter")
    panel = reader.get_by_role("dialog", name="Inbox")
    expect(rows(panel)).to_have_count(4)
    expect(bell).to_have_attribute("aria-expanded", "true")
    third = rows(panel).nth(2).get_attribute("id")
    for key in "jjje":
        reader.keyboard.press(key)
    expect(panel.locator(f"#{third}")).to_have_count(0)
    give(1)
    expect(rows(panel)).to_have_count(4)
    panel.get_by_role("link", name="Archived").click()
    expect(rows(panel)).to_have_count(1)
    expect(panel.get_by_role("link", name="Archived")).to_be_focused()
    reader.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(bell).to_be_focused()
    expect(bell).to_have_attribute("aria-expanded", "false")
    assert reader.url.endswith("/")


def test_the_panel_says_when_it_cannot_be_fetched_and_the_bell_stays_a_link(reader, browser_as):
    browser_as.allow("ERR_FAILED")
    visit(reader, "/")
    reader.route("**/inbox/", lambda route: route.abort())
    reader.locator(".hub-bell").click()
    panel = reader.get_by_role("dialog", name="Inbox")
    expect(panel).to_contain_text("The inbox could not be fetched.")
    reader.unroute("**/inbox/")
    panel.get_by_role("link", name="Open the inbox").click()
    expect(rows(reader)).to_have_count(4)
    assert reader.url.endswith("/inbox/")
