"""The shop in a real browser: each form, and the message of each refusal."""

import re

import pytest
from playwright.sync_api import expect

from tests.frontend.browsing import order, visit, wait_until_live
from tests.rig.wait import wait_until

TEAPOT = "/products/teapot/"
LAMP = "/products/lamp/"  # three pieces
NAME = 119  # characters without a space; a product's name may have 120
# How far to the right the page reaches, and by what.
WIDEST = """() => {
  let widest = [document.documentElement.scrollWidth, "html"];
  for (const node of document.querySelectorAll("body *")) {
    const { right } = node.getBoundingClientRect();
    if (right > widest[0]) widest = [right, node.outerHTML.slice(0, 200)];
  }
  return widest;
}"""
REFUSED = r"status of 422"  # Chromium calls every refused form an error


@pytest.fixture
def page_of(embedded, browser_as):
    """Opens a page as a person, and waits until it is live."""
    return opener(embedded, browser_as)


@pytest.fixture
def page_to_look_at(shared_embedded, browser_as):
    """The same for tests that leave the shop as it was."""
    return opener(shared_embedded, browser_as)


def opener(server, browser_as):
    def open_page(username, path, **options):
        page = browser_as(server, username, **options)
        visit(page, path)
        return page

    return open_page


def test_views_appear_live_on_an_open_page(page_of):
    ana = page_of("ana", LAMP)
    views = ana.locator("[data-live=count]")
    # Her own view may be told before she listens; those of others are not.
    page_of("ben", LAMP)
    expect(views).to_have_text("2")
    expect(views).to_be_visible()
    page_of(None, LAMP)
    expect(views).to_have_text("3")
    ana.reload()
    expect(ana.locator("[data-live=count]")).to_have_text("3")


def test_an_order_changes_the_stock_on_every_open_page(page_of, browser_as):
    browser_as.allow(REFUSED)
    ana, ben = page_of("ana", LAMP), page_of("ben", LAMP)
    order(ana, 5)
    expect(ana.get_by_text("Only 3 pieces are left, and you asked for 5.")).to_be_visible()
    expect(ana.get_by_label("Quantity")).to_be_focused()
    order(ana, 3)
    expect(ana).to_have_url(re.compile(r"/orders/\d{4}-\d{6}/$"))
    expect(ben.locator("[data-live=stock]")).to_have_text("0")
    expect(ben.get_by_role("button", name="Sold out")).to_be_disabled()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("0", "Order at least one piece."),
        ("", "Enter how many pieces you want."),
        ("999999999999", "Only 40 pieces are left"),
    ],
)
def test_a_refused_order_says_what_to_do(page_to_look_at, browser_as, asked, message):
    browser_as.allow(REFUSED)
    ana = page_to_look_at("ana", TEAPOT)
    order(ana, asked)
    expect(ana.get_by_text(message)).to_be_visible()
    expect(ana.locator("[data-live=stock]")).to_have_text("40")


def test_watching_in_one_tab_brings_the_price_drop_to_another(page_of, embedded):
    ben = page_of("ben", TEAPOT)
    other = ben.context.new_page()
    visit(other, "/")
    ben.get_by_role("button", name="Watch", exact=True).click()
    expect(ben.get_by_text("You watch this product")).to_be_visible()
    embedded.python(
        "from orders.models import Product\n"
        "Product.objects.filter(slug='teapot').update(price='19.00')"
    )
    told = [tab.locator(".hub-toast", has_text="Teapot is now €19.00") for tab in (ben, other)]
    wait_until(lambda: sum(one.count() for one in told) == 1, what="the toast in one of the tabs")
    ben.get_by_role("button", name="Stop watching").click()
    expect(ben.get_by_role("button", name="Watch", exact=True)).to_be_visible()


def test_a_user_who_signs_up_for_news_gets_a_toast_of_a_new_product(page_of, browser_as, embedded):
    browser_as.allow(REFUSED)
    zoe = page_of(None, "/accounts/signup/")
    zoe.get_by_label("Username").fill("zoe")
    zoe.get_by_label("Email").fill("ANA@example.com")
    zoe.get_by_label("Password", exact=True).fill("a quiet teapot")
    zoe.get_by_label("Password again").fill("a quiet teapot")
    zoe.get_by_label("Tell me about new products").check()
    zoe.get_by_role("button", name="Create account").click()
    expect(zoe.get_by_text("Another account uses this e-mail address.")).to_be_visible()
    expect(zoe.get_by_label("Email")).to_be_focused()
    expect(zoe.get_by_label("Tell me about new products")).to_be_checked()
    zoe.get_by_label("Email").fill("zoe@example.com")
    zoe.get_by_label("Password", exact=True).fill("a quiet teapot")
    zoe.get_by_label("Password again").fill("a quiet teapot")
    zoe.get_by_role("button", name="Create account").click()
    expect(zoe.get_by_text("Your account is ready")).to_be_visible()
    wait_until_live(zoe)
    embedded.python(
        "from orders.models import Product\n"
        "Product.objects.create(name='Kite', slug='kite', price='9.00')"
    )
    expect(zoe.locator(".hub-toast", has_text="New in the shop: Kite")).to_be_visible()


def test_deleting_the_account_ends_the_other_browser(page_of, browser_as):
    browser_as.allow(REFUSED)
    phone, laptop = page_of("ana", "/"), page_of("ana", "/account/")
    laptop.get_by_text("I want to delete my account").click()
    laptop.get_by_label("Your password").fill("wrong")
    laptop.get_by_role("button", name="Delete my account permanently").click()
    expect(laptop.get_by_text("Wrong password. Nothing was deleted.")).to_be_visible()
    laptop.get_by_label("Your password").fill("demo")
    laptop.get_by_role("button", name="Delete my account permanently").click()
    expect(laptop.get_by_text("Your account was deleted.")).to_be_visible()
    expect(phone.get_by_text("This account was deleted.")).to_be_visible()
    phone.goto("/account/")
    expect(phone).to_have_url(re.compile("/accounts/login/"))


def test_the_sign_up_page_fits_a_narrow_phone(page_to_look_at):
    page = page_to_look_at(None, "/accounts/signup/", viewport={"width": 360, "height": 740})
    box = page.get_by_label("Tell me about new products").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("width", [1280, 360])
def test_a_name_without_a_space_stays_inside_every_page(page_of, embedded, width):
    page = page_of("ana", "/", viewport={"width": width, "height": 740})
    embedded.python(
        "from orders.models import Inventory, Product, User\n"
        f"made = Product.objects.create(name='T' * {NAME}, slug='long', price='20.00')\n"
        "Inventory.objects.create(product=made, quantity=9)\n"
        "made.watchers.add(User.objects.get(username='ana'))"
    )
    visit(page, "/products/long/")
    order(page, 1)
    page.wait_for_url(re.compile("/orders/"))
    wait_until_live(page)
    embedded.python(
        "from orders.models import Product\n"
        "Product.objects.filter(slug='long').update(price='19.00')"
    )
    expect(page.locator(".hub-toast", has_text="19.00")).to_be_visible()
    for path in (None, "/", "/products/long/", "/orders/", "/inbox/"):
        if path is not None:
            page.goto(path)
        for more in page.locator("details").all():
            more.evaluate("details => { details.open = true; }")
        widest = page.evaluate(WIDEST)
        assert widest[0] <= width, f"{path}: {widest}"


def test_a_new_user_is_greeted_by_a_toast_once(embedded, browser_as):
    page = browser_as(embedded)
    page.goto("/accounts/signup/")
    page.get_by_label("Username").fill("zoe")
    page.get_by_label("Email").fill("zoe@example.com")
    for label in ("Password", "Password again"):
        page.get_by_label(label, exact=True).fill("a long and rare phrase")
    page.get_by_role("button", name="Create account").click()
    toast = page.locator(".hub-toast", has_text="Welcome, zoe")
    expect(toast).to_be_visible()
    expect(page.locator(".hub-bell .hub-badge")).to_have_text("1")
    toast.get_by_role("button", name="Close").click()
    visit(page, "/orders/")
    expect(toast).to_have_count(0)


def test_the_cards_in_view_show_price_and_stock_of_now(page_of, embedded):
    page = page_of(None, "/")
    card = page.locator(".card", has_text="Teapot")
    expect(card.locator("[data-live=price]")).to_have_text("€29.00")
    order(page_of("ana", TEAPOT), 38)
    embedded.python(
        "from orders.models import Product\n"
        "Product.objects.filter(slug='teapot').update(price='19.00')"
    )
    expect(card.locator("[data-live=price]")).to_have_text("€19.00")
    expect(card.get_by_text("Only 2 left")).to_be_visible()
    expect(page.locator(".card", has_text="Table lamp")).to_contain_text("€89.50")


def test_a_muted_product_says_so_on_its_page_and_is_unmuted_there(page_of, embedded):
    embedded.python(
        "from hub import preferences\n"
        "from orders.models import Product, User\n"
        "ana, teapot = User.objects.get(username='ana'), Product.objects.get(slug='teapot')\n"
        "preferences.mute(ana.pk, topic=f'product.{teapot.pk}')"
    )
    page = page_of("ana", TEAPOT)
    expect(page.get_by_text("It is muted")).to_be_visible()
    page.get_by_role("button", name="Unmute").click()
    expect(page.get_by_text("You are notified of price drops")).to_be_visible()


def test_a_sold_out_product_offers_to_tell_when_it_is_back(page_of):
    page = page_of("ana", "/products/chair/")
    page.get_by_role("button", name="Tell me when it is back").click()
    expect(page.get_by_text("You watch this product.")).to_be_visible()
