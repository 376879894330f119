"""The admin: staff find and change what they may, and lists stay cheap."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders import uploads, watching
from orders.models import (
    Inventory,
    Order,
    Product,
    ProductImage,
    ProductSummary,
    ProductView,
    User,
)
from tests.orders.pictures import upload
from tests.orders.shop import data, forget, pieces, product, text, user

pytestmark = pytest.mark.django_db(transaction=True)

LISTS = [
    "product",
    "inventory",
    "productimage",
    "productsummary",
    "productview",
    "product_watchers",
    "order",
    "profile",
    "user",
]
SEARCHED = {"user": "ana", "profile": "ana", "product_watchers": "ana"}


@pytest.fixture
def staff(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(user("admin", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def ana():
    return user()


@pytest.fixture
def teapot():
    return product()


def fill(of: Product, watcher: User) -> None:
    """A row of each kind."""
    ProductImage.objects.create(product=of, image=upload(), alt=of.name)
    ProductView.objects.create(product=of, person=watcher)
    of.watchers.add(watcher)
    Order.objects.create(product=of, ordered_by=watcher, quantity=1)


def form_of(answer) -> dict[str, str | list[str]]:
    """The fields that the page's form would send unchanged."""
    fields = {}
    for tag in re.findall(r"<input[^>]*>", answer.content.decode()):
        parts = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        kind = parts.get("type")
        name, value = parts.get("name"), unescape(parts.get("value", ""))
        if not name or (kind == "checkbox" and "checked" not in tag) or kind == "file":
            continue
        if "multiple" in parts or name in fields:  # such as the watchers that were shown
            fields[name] = [*fields.get(name, []), value]
        else:
            fields[name] = value
    for name, body in re.findall(
        r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', answer.content.decode(), re.S
    ):
        fields[name] = unescape(body.lstrip("\n"))
    for name, body in re.findall(
        r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', answer.content.decode(), re.S
    ):
        if chosen := re.findall(r'<option value="([^"]*)" selected', body):
            fields[name] = chosen
    return {name: value for name, value in fields.items() if not name.startswith("_")}


def test_every_table_that_staff_ask_about_is_there():
    shown = {model._meta.model_name for model in admin.site._registry}
    assert set(LISTS) <= shown
    assert "group" in shown


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_however_long(staff, name):
    costs = []
    for n in range(5):
        fill(product(f"p{n}"), user(f"p{n}"))
        with CaptureQueriesContext(connection) as captured:
            assert staff.get(f"/admin/orders/{name}/").status_code == 200
        costs.append(len(captured))
    assert costs[-1] == costs[1] <= 12, costs  # the first visit warms caches


@pytest.mark.parametrize("name", LISTS)
def test_a_list_can_be_searched(staff, name, teapot, ana):
    fill(teapot, ana)
    fill(product("lamp"), user("ben"))
    wanted = SEARCHED.get(name, "teapot")
    answer = staff.get(f"/admin/orders/{name}/", {"q": wanted})
    assert "1 result" in text(answer)
    assert wanted in text(answer).lower()


def test_a_products_page_shows_its_pictures_and_costs_the_same_with_many(staff, teapot, ana):
    costs = []
    for n in range(4):
        fill(teapot, user(f"p{n}"))
        with CaptureQueriesContext(connection) as captured:
            page = staff.get(f"/admin/orders/product/{teapot.pk}/change/").content.decode()
        costs.append(len(captured))
    assert page.count('<img src="/media/thumbs/products/') == 4
    assert costs[-1] <= costs[1] + 6, costs  # a formset checks each choice it has


def test_prices_and_stock_are_edited_in_their_lists(staff, teapot):
    page = staff.get("/admin/orders/product/")
    staff.post("/admin/orders/product/", {**form_of(page), "form-0-price": "19.00", "_save": "1"})
    assert [one["new_price"] for one in data("product.price_dropped")] == ["19.00"]
    page = staff.get("/admin/orders/inventory/")
    staff.post("/admin/orders/inventory/", {**form_of(page), "form-0-quantity": "5", "_save": "1"})
    assert pieces(teapot) == 5
    assert [one["left"] for one in data("stock.low")] == [5]


@pytest.mark.parametrize(
    ("price", "message"),
    [("-1", "greater than or equal to 0"), ("a lot", "Enter a number"), ("1.999", "2 decimal")],
)
def test_an_invalid_price_is_refused_in_the_list(staff, teapot, price, message):
    page = staff.get("/admin/orders/product/")
    answer = staff.post(
        "/admin/orders/product/", {**form_of(page), "form-0-price": price, "_save": "1"}
    )
    assert message in text(answer)
    assert not data("product.price_dropped")


def test_a_page_that_was_open_for_a_while_does_not_put_sold_pieces_back(staff, teapot):
    path = f"/admin/orders/product/{teapot.pk}/change/"
    form = form_of(staff.get(path))
    Order.objects.create(product=teapot, quantity=4)
    Product.objects.update(price="20.00")
    staff.post(path, {**form, "description": "Round.", "inventory-0-item_code": "T-1"})
    teapot = Product.objects.select_related("inventory").get()
    assert (teapot.description, teapot.inventory.item_code) == ("Round.", "T-1")
    assert (teapot.stock, str(teapot.price)) == (36, "20.00")
    staff.post(path, {**form, "inventory-0-quantity": "50"})
    assert pieces(teapot) == 50


def test_an_old_list_changes_only_the_rows_that_staff_changed(staff, teapot):
    product("lamp", price="89.50")
    form = form_of(staff.get("/admin/orders/product/"))
    Product.objects.filter(slug="teapot").update(price="20.00")
    lamp = next(name for name, value in form.items() if value == "89.50" and "initial" not in name)
    staff.post("/admin/orders/product/", {**form, lamp: "80.00", "_save": "1"})
    assert sorted(str(one.price) for one in Product.objects.all()) == ["20.00", "80.00"]


def test_a_product_page_that_was_open_for_a_while_changes_only_what_staff_changed(staff, teapot):
    ana, ben, zoe = user(), user("ben"), user("zoe")
    teapot.watchers.add(ana, zoe)
    image = ProductImage.objects.create(product=teapot, image=upload(), alt="round")
    path = f"/admin/orders/product/{teapot.pk}/change/"
    form = form_of(staff.get(path))
    teapot.watchers.add(ben)
    teapot.watchers.remove(zoe)
    Product.objects.update(name="Pot", description="Round.")
    Inventory.objects.update(item_code="T-1")
    ProductImage.objects.update(alt="a round pot")
    ProductSummary.objects.update(content="Tea for two.")
    forget()
    staff.post(path, {**form, "price": "19.00", "watchers": form["watchers"]})
    teapot = Product.objects.get()
    assert str(teapot.price) == "19.00"
    assert set(teapot.watchers.all()) == {ana, ben}
    assert (teapot.name, teapot.description) == ("Pot", "Round.")
    assert (teapot.inventory.item_code, teapot.summary.content) == ("T-1", "Tea for two.")
    image.refresh_from_db()
    assert image.alt == "a round pot"
    assert not data("subscription.changed")


def test_watchers_that_staff_remove_are_removed_and_no_others(staff, teapot):
    ana, ben = user(), user("ben")
    teapot.watchers.add(ana)
    path = f"/admin/orders/product/{teapot.pk}/change/"
    form = form_of(staff.get(path))
    teapot.watchers.add(ben)
    staff.post(path, {**form, "watchers": []})
    assert list(teapot.watchers.all()) == [ben]


def test_a_users_page_that_was_open_for_a_while_changes_only_what_staff_changed(staff, ana):
    clerks = Group.objects.create(name="clerks")
    path = f"/admin/orders/user/{ana.pk}/change/"
    form = form_of(staff.get(path))
    new = {"email": "new@example.com", "first_name": "Ana", "wants_news": True, "is_staff": True}
    User.objects.filter(pk=ana.pk).update(**new, confirmed_email=new["email"])
    ana.profile.bio = "I like tea."
    ana.profile.save()
    ana.groups.add(clerks)
    User.objects.create_user("taken", "ana@example.com")  # the address that the page still shows
    answer = staff.post(path, {**form, "last_name": "Lima"}, follow=True)
    assert "was changed successfully" in text(answer)
    ana = User.objects.get(pk=ana.pk)
    assert ana.last_name == "Lima"
    assert {name: getattr(ana, name) for name in new} == new
    assert ana.profile.bio == "I like tea."
    assert list(ana.groups.all()) == [clerks]


def test_staff_see_the_watch_lists(staff, teapot, ana):
    teapot.watchers.add(ana)
    product("lamp").watchers.add(user("ben"))
    links = re.findall(r'href="([^"]*product_watchers/\?[^"]*)"', staff.get(
        "/admin/orders/product/").content.decode())  # fmt: skip
    answers = [text(staff.get(unescape(link))) for link in links]
    assert sum("ana" in one and "1 watched product" in one for one in answers) == 1
    link = f"/admin/orders/product_watchers/?user__id__exact={ana.pk}"
    assert link in unescape(staff.get(f"/admin/orders/user/{ana.pk}/change/").content.decode())
    page = text(staff.get(link))
    assert "Teapot" in page
    assert "ben" not in page


def test_views_are_read_only(staff, teapot, ana):
    view = ProductView.objects.create(product=teapot, person=ana)
    assert staff.get("/admin/orders/productview/add/").status_code == 403
    path = f"/admin/orders/productview/{view.pk}"
    assert "Save" not in text(staff.get(f"{path}/change/"))
    assert staff.post(f"{path}/change/", {"session": "x"}).status_code == 403
    assert staff.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    assert ProductView.objects.count() == 1


def test_a_product_and_a_user_can_be_deleted_with_all_their_rows(staff, teapot, ana):
    ProductView.objects.create(product=teapot, person=ana)
    teapot.watchers.add(ana)
    for path in (f"product/{teapot.pk}", f"user/{ana.pk}"):
        answer = staff.post(f"/admin/orders/{path}/delete/", {"post": "yes"}, follow=True)
        assert "was deleted successfully" in text(answer)
    assert not Product.objects.exists()
    assert not User.objects.filter(username="ana").exists()


def test_a_product_that_was_ordered_is_kept_and_the_admin_says_why(staff, teapot):
    Order.objects.create(product=teapot, quantity=1)
    answer = staff.post(f"/admin/orders/product/{teapot.pk}/delete/", {"post": "yes"})
    assert "would require deleting the following protected related objects" in text(answer)
    assert Product.objects.exists()


def test_deleting_an_order_gives_its_pieces_back(staff, teapot):
    order = Order.objects.create(product=teapot, quantity=2)
    staff.post(f"/admin/orders/order/{order.pk}/delete/", {"post": "yes"})
    assert pieces(teapot) == 40


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", uploads.NO_PICTURE),
        (b"\0" * (uploads.MAX_BYTES + 1), uploads.TOO_LARGE),
    ],
)
def test_a_refused_upload_says_why_beside_the_field(staff, teapot, body, message):
    answer = staff.post(
        "/admin/orders/productimage/add/",
        {"product": teapot.pk, "position": "0", "image": upload("a.png", body)},
    )
    assert message in text(answer)
    assert not ProductImage.objects.exists()


def test_a_picture_is_added_and_replaced(staff, teapot):
    fields = {"product": teapot.pk, "position": "0", "alt": "round"}
    staff.post("/admin/orders/productimage/add/", {**fields, "image": upload()})
    row = ProductImage.objects.get()
    old = Path(row.image.path)
    path = f"/admin/orders/productimage/{row.pk}/change/"
    staff.post(path, {**fields, "image": upload("b.png")})
    row.refresh_from_db()
    assert not old.exists()
    assert Path(row.image.path).exists()


def test_a_user_who_watches_too_much_is_an_error_of_the_form(staff, teapot, ana, monkeypatch):
    monkeypatch.setattr(watching, "MAX_WATCHED", 1)
    product("lamp").watchers.add(ana)
    path = f"/admin/orders/product/{teapot.pk}/change/"
    answer = staff.post(path, {**form_of(staff.get(path)), "watchers": [ana.pk]})
    assert "One account can watch 1 products" in text(answer)
    assert not teapot.watchers.exists()


def test_watchers_are_changed_on_the_products_page(staff, teapot, ana):
    path = f"/admin/orders/product/{teapot.pk}/change/"
    answer = staff.post(path, {**form_of(staff.get(path)), "watchers": [ana.pk]}, follow=True)
    assert "was changed successfully" in text(answer)
    assert [one["on"] for one in data("subscription.changed") if "product" in one["subject"]] == [
        True
    ]


def test_an_address_that_is_taken_is_refused_beside_the_form(staff, ana):
    ben = user("ben")
    path = f"/admin/orders/user/{ben.pk}/change/"
    answer = staff.post(path, {**form_of(staff.get(path)), "email": "ANA@example.com"})
    assert "Another account uses this e-mail address." in text(answer)
    ben.refresh_from_db()
    assert ben.email == "ben@example.com"
