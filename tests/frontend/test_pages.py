"""The pages over HTTP: what they show, what they load, how they fail."""

import re

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from frontend.views import errors, products
from hub.inbox import preferences
from orders.models import Order, Product
from tests.orders.shop import data, product, text, user

pytestmark = pytest.mark.django_db(transaction=True)


def queries(client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


# The shop


def test_the_shop_shows_its_products(client, teapot):
    answer = client.get("/")
    assert answer.status_code == 200
    assert "Teapot" in text(answer)
    assert "€29.00" in text(answer)
    assert "In stock" in text(answer)


def test_an_empty_shop_says_so(client):
    assert "No products yet" in text(client.get("/"))


def test_the_shop_costs_the_same_number_of_queries_however_many_products(client, teapot):
    client.get("/")  # the first visit makes the log's row
    few = queries(client, "/")
    for n in range(5):
        product(f"p{n}")
    assert queries(client, "/") == few


def test_the_shop_shows_24_products_per_page(client):
    for n in range(25):
        product(f"p{n}")
    first, second = client.get("/").content.decode(), client.get("/?page=2").content.decode()
    assert (first.count('class="card"'), second.count('class="card"')) == (24, 1)
    assert "Page 1 of 2" in first
    assert 'href="?page=2">Next' in first
    assert 'href="?page=1">Previous' in second


@pytest.mark.parametrize("page", ["x", "0", "99", "%00"])
def test_an_invalid_page_of_the_shop_shows_another_one(client, teapot, page):
    assert "Teapot" in text(client.get(f"/?page={page}"))


def test_a_product_page_names_its_topics_and_live_values(client, teapot):
    page = client.get("/products/teapot/").content.decode()
    assert f'data-hub-topics="product.{teapot.pk} product.{teapot.pk}.page"' in page
    assert '<span data-live="price">€29.00</span>' in page
    assert '<span data-live="stock">40</span>' in page
    assert 'data-live="count"' in page
    assert 'data-live="order-button"' in page


def test_an_address_adds_a_bounded_number_of_views(teapot, monkeypatch):
    monkeypatch.setattr(products, "VIEWS_BURST", 3)
    for _ in range(5):
        assert Client(REMOTE_ADDR="9.9.9.9").get("/products/teapot/").status_code == 200
    assert teapot.views.count() == 3
    Client(REMOTE_ADDR="8.8.8.8").get("/products/teapot/")
    Client().get("/products/teapot/")  # loopback has no bound
    assert teapot.views.count() == 5


def test_every_page_carries_user_and_position_for_the_script(logged_in, ana):
    page = logged_in.get("/").content.decode()
    assert f'data-hub-person="{ana.pk}"' in page
    assert re.search(r'data-hub-page="[0-9a-f]+:\d+"', page)


@pytest.mark.parametrize("path", ["/", "/products/teapot/", "/accounts/login/", "/nothing/"])
def test_pages_are_strict_about_what_they_load(client, teapot, path):
    answer = client.get(path)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    page = answer.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page)


def test_a_sold_out_product_cannot_be_ordered(client):
    product("chair", pieces=0)
    page = client.get("/products/chair/").content.decode()
    assert re.search(r'data-live="order-button" disabled>Sold out<', page)


@pytest.mark.parametrize("path", ["/products/none/", "/orders/2026-000001/", "/nothing/"])
def test_a_missing_page_is_a_404_in_the_shops_design(logged_in, path):
    answer = logged_in.get(path)
    assert answer.status_code == 404
    assert "Page not found" in text(answer)


# Files and failures


def test_uploaded_pictures_are_shown_and_other_files_are_downloads(client):
    default_storage.save("products/a.webp", ContentFile(b"picture"))
    default_storage.save("products/a.svg", ContentFile(b"<svg/>"))
    picture = client.get("/media/products/a.webp")
    assert (picture.content, picture["Content-Type"]) == (b"picture", "image/webp")
    again = client.get(
        "/media/products/a.webp", headers={"if-modified-since": picture["Last-Modified"]}
    )
    assert again.status_code == 304
    assert client.get("/media/products/a.svg")["Content-Disposition"] == "attachment"


@pytest.mark.parametrize(
    "name", ["none.webp", "products", "../db.sqlite3", "%2e%2e/db.sqlite3", "/etc/passwd", "a%00b"]
)
def test_only_uploads_are_served(client, name):
    assert client.get(f"/media/{name}").status_code == 404


def test_pages_carry_the_users_toast_filter(logged_in, ana):
    assert 'data-hub-filter=""' in logged_in.get("/").content.decode()
    preferences.choose(ana.pk, {"order.received": {"toast": False, "inbox": True}})
    preferences.choose(ana.pk, {"account.welcome": {"inbox": False}})
    preferences.mute(ana.pk, topic="product.12")
    preferences.mute(ana.pk, topic="news", type="product.created")
    page = logged_in.get("/").content.decode()
    patterns = "*/order.received news/product.created product.12/*"
    assert f'data-hub-filter="{patterns}"' in page
    assert "data-hub-filter" not in Client().get("/").content.decode()


def test_static_files_need_no_collecting(client):
    answer = client.get("/static/frontend/shop.css")
    assert answer.status_code == 200
    assert b"--accent" in b"".join(answer)
    answer.close()


def test_a_server_error_is_a_page_in_the_shops_design_without_the_cause(client, monkeypatch):
    client.raise_request_exception = False

    def fail(*args, **kwargs):
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(Product.objects, "select_related", fail)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Something went wrong" in text(answer)
    assert "secret" not in text(answer)


def test_the_server_error_page_needs_no_database(rf, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert errors.server_error(rf.get("/")).status_code == 500


# The admin


def test_a_price_that_staff_change_in_the_admins_list_is_published(client, teapot):
    client.force_login(user("admin", is_staff=True, is_superuser=True))
    product("lamp")
    rows = list(Product.objects.order_by("-pk"))
    form = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2", "_save": "Save"}
    for n, row in enumerate(rows):
        form |= {f"form-{n}-id": row.pk, f"form-{n}-price": "20.00" if row == teapot else row.price}
        form[f"initial-form-{n}-price"] = row.price  # as the page showed it
    answer = client.post("/admin/orders/product/", form, follow=True)
    assert "1 product was changed" in text(answer)
    assert [one["new_price"] for one in data("product.price_dropped")] == ["20.00"]


@pytest.mark.parametrize("path", ["product/", "order/", "user/"])
def test_the_admins_lists_cost_the_same_number_of_queries_however_long(client, path, teapot):
    client.force_login(user("admin", is_staff=True, is_superuser=True))
    costs = []
    for n in (0, 1, 2, 3, 4, 5):
        product(f"p{n}")
        Order.objects.create(product=teapot, ordered_by=user(f"p{n}"), quantity=1)
        costs.append(queries(client, f"/admin/orders/{path}"))
    assert costs[-1] == costs[1]  # the first visit warms caches


@pytest.mark.parametrize(
    "path", ["product/{product}/change/", "order/{order}/change/", "user/{user}/change/",
             "product/add/", "user/add/"]
)  # fmt: skip
def test_the_admins_forms_open(client, ana, teapot, path):
    client.force_login(user("admin", is_staff=True, is_superuser=True))
    order = Order.objects.create(product=teapot, ordered_by=ana, quantity=1)
    keys = {"product": teapot.pk, "order": order.pk, "user": ana.pk}
    assert client.get(f"/admin/orders/{path.format(**keys)}").status_code == 200
