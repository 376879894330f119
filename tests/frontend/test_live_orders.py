"""Open pages of the shop follow what happens: a new order's row, and the price before."""

from playwright.sync_api import expect

from tests.frontend.browsing import drop_price, give_orders, new_user, visit


def test_a_new_order_enters_the_list_of_open_pages_also_the_first_one(shared_embedded, browser_as):
    who = new_user(shared_embedded)
    page = browser_as(shared_embedded, who)
    visit(page, "/orders/")
    expect(page.get_by_role("heading", name="No orders yet")).to_be_visible()
    rows = page.locator("main .row")
    for count in (1, 2):
        give_orders(shared_embedded, 1, who)
        expect(rows).to_have_count(count)
    expect(page.get_by_role("heading", name="No orders yet")).to_have_count(0)
    picture = page.locator(".hub-toast img").first
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") == 480


def test_a_product_that_became_cheaper_shows_what_it_was(shared_embedded, browser_as):
    who = new_user(shared_embedded)
    page = browser_as(shared_embedded, who)
    visit(page, "/products/teapot/")
    before = page.locator("main [data-live=price]").inner_text()
    drop_price(shared_embedded)
    expect(page.locator("main .was")).to_have_text(before)
    expect(page.locator("main [data-live=price]")).not_to_have_text(before)
