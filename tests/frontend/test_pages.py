"""The pages, as a browser asks for them: answers, refusals, and what they say."""

import re
from html import unescape

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from frontend.views import errors
from hub import preferences
from orders.models import Order, Product, User
from tests.orders.shop import data, person, pieces, product, told

pytestmark = pytest.mark.django_db(transaction=True)

SIGN_UP = {
    "username": "zoe",
    "email": "zoe@example.com",
    "password1": "a quiet teapot",
    "password2": "a quiet teapot",
}


@pytest.fixture
def ana():
    return person()


@pytest.fixture
def teapot():
    return product()


@pytest.fixture
def logged_in(client, ana):
    client.force_login(ana)
    return client


def text(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", unescape(answer.content.decode())).split())


def queries(client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


# Looking around


def test_the_shop_shows_its_products(client, teapot):
    answer = client.get("/")
    assert answer.status_code == 200
    assert "Teapot" in text(answer)
    assert "€29.00" in text(answer)
    assert "In stock" in text(answer)


def test_an_empty_shop_says_so(client):
    assert "There are no products yet" in text(client.get("/"))


def test_the_shop_costs_the_same_however_many_products(client, teapot):
    client.get("/")  # the first visit makes the log's row
    few = queries(client, "/")
    for n in range(5):
        product(f"p{n}")
    assert queries(client, "/") == few


def test_a_product_page_names_its_topics_and_live_values(client, teapot):
    page = client.get("/products/teapot/").content.decode()
    assert f'data-hub-topics="product.{teapot.pk} product.{teapot.pk}.page"' in page
    assert '<span data-live="price">€29.00</span>' in page
    assert '<span data-live="stock">40</span>' in page
    assert 'data-live="count"' in page
    assert 'data-live="order-button"' in page


def test_every_page_tells_the_script_who_and_where(logged_in, ana):
    page = logged_in.get("/").content.decode()
    assert f'data-hub-person="{ana.pk}"' in page
    assert re.search(r'data-hub-page="[0-9a-f]+:\d+"', page)
    assert '<div class="toasts-status" role="status"></div>' in page
    assert '<div class="toasts-alert" role="alert"></div>' in page


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
def test_what_is_not_there_is_a_page_of_our_own(logged_in, path):
    answer = logged_in.get(path)
    assert answer.status_code == 404
    assert "There is nothing here" in text(answer)


# Ordering


def test_an_order_leads_to_its_page(logged_in, teapot):
    answer = logged_in.post("/products/teapot/order", {"quantity": "2"})
    order = Order.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/orders/{order.number}/")
    assert "€58.00" in text(logged_in.get(answer["Location"]))


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        ("0", "Order at least one piece."),
        ("-1", "Order at least one piece."),
        ("abc", "Enter a whole number, such as 2."),
        ("1.5", "Enter a whole number, such as 2."),
        ("", "Enter how many pieces you want."),
        ("41", "Only 40 pieces are left, and you asked for 41."),
        (str(10**9), "Only 40 pieces are left, and you asked for 1,000,000,000."),
        (str(10**30), "Only 40 pieces are left, and you asked for far more."),
        ("9" * 10_000, "Enter a whole number, such as 2."),
        ("\0", "Enter a whole number, such as 2."),
    ],
)
def test_a_refused_order_says_why_beside_the_field(logged_in, teapot, quantity, message):
    answer = logged_in.post("/products/teapot/order", {"quantity": quantity})
    assert answer.status_code == 422
    assert message in text(answer)
    page = answer.content.decode()
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="id_quantity_error"' in page
    assert 'id="id_quantity_error"' in page
    assert pieces(teapot) == 40
    assert not Order.objects.exists()


def test_who_is_not_logged_in_comes_back_to_the_product(client, ana, teapot):
    answer = client.post("/products/teapot/order", {"quantity": "3"})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/products/teapot/")
    login = client.get(answer["Location"])
    back = client.post(
        "/accounts/login/",
        {"username": "ana", "password": "demo", "next": login.context["next"]},
    )
    assert back["Location"] == "/products/teapot/?quantity=3"
    assert 'value="3"' in client.get(back["Location"]).content.decode()
    assert not Order.objects.exists()


@pytest.mark.parametrize("path", ["/products/teapot/order", "/products/teapot/watch"])
def test_a_log_in_for_a_post_does_not_lead_into_an_error(client, ana, teapot, path):
    to_login = client.post(path, {"quantity": "<b>", "on": "1"})
    next_page = client.get(to_login["Location"]).context["next"]
    assert client.get(next_page).status_code == 200


def test_an_order_needs_the_forms_token(ana, teapot):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ana)
    answer = strict.post("/products/teapot/order", {"quantity": "1"})
    assert answer.status_code == 403
    assert "reload the page" in text(answer)
    assert not Order.objects.exists()


def test_an_order_cannot_be_placed_by_a_link(logged_in, teapot):
    answer = logged_in.get("/products/teapot/order", {"quantity": "1"})
    assert answer["Location"] == "/products/teapot/"
    assert not Order.objects.exists()


def test_orders_are_seen_by_buyer_and_staff_only(client, ana, teapot):
    order = Order.objects.create(product=teapot, ordered_by=ana, quantity=1)
    path = f"/orders/{order.number}/"
    assert client.get(path)["Location"] == f"/accounts/login/?next={path}"
    for who, status in (
        (ana, 200),
        (person("ben"), 404),
        (person("admin", is_staff=True), 200),
    ):
        client.force_login(who)
        assert client.get(path).status_code == status


def test_my_orders_are_mine(logged_in, ana, teapot):
    assert "No orders yet" in text(logged_in.get("/orders/"))
    mine = Order.objects.create(product=teapot, ordered_by=ana, quantity=1)
    other = Order.objects.create(product=teapot, ordered_by=person("ben"), quantity=1)
    page = text(logged_in.get("/orders/"))
    assert mine.number in page
    assert other.number not in page


# Watching


def test_watching_and_no_longer_watching(logged_in, ana, teapot):
    answer = logged_in.post("/products/teapot/watch", {"on": "1"})
    assert (answer.status_code, answer["Location"]) == (302, "/products/teapot/")
    assert list(teapot.watchers.all()) == [ana]
    assert "Stop watching" in text(logged_in.get("/products/teapot/"))
    logged_in.post("/products/teapot/watch", {"on": "0"})
    assert not teapot.watchers.exists()


def test_a_watch_form_without_an_answer_changes_nothing(logged_in, teapot):
    answer = logged_in.post("/products/teapot/watch", {"on": "maybe"}, follow=True)
    assert answer.status_code == 200
    assert "Choose Watch or Stop watching" in text(answer)
    assert not teapot.watchers.exists()


# Accounts


def test_signing_up_logs_in_and_welcomes(client):
    answer = client.post("/accounts/signup/", SIGN_UP)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    zoe = User.objects.get(username="zoe")
    assert f'data-hub-person="{zoe.pk}"' in client.get("/").content.decode()
    assert (f"user.{zoe.pk}", "account.welcome") in told()


def test_signing_up_leads_back_to_where_one_was_on_this_site_only(client, teapot):
    there = client.post("/accounts/signup/", {**SIGN_UP, "next": "/products/teapot/"})
    assert there["Location"] == "/products/teapot/"
    client.logout()
    elsewhere = {"username": "yan", "email": "yan@example.com", "next": "//evil.example/"}
    assert client.post("/accounts/signup/", {**SIGN_UP, **elsewhere})["Location"] == "/"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"username": "ANA"}, "already exists"),
        ({"email": "Ana@Example.com"}, "Another account uses this e-mail address."),
        ({"email": "nowhere"}, "Enter a valid email address."),
        ({"email": ""}, "This field is required."),
        ({"password2": "a loud teapot"}, "two password fields didn"),
        ({"password1": "demo", "password2": "demo"}, "too short"),
    ],
)
def test_a_refused_sign_up_says_why(client, ana, wrong, message):
    answer = client.post("/accounts/signup/", {**SIGN_UP, **wrong})
    assert answer.status_code == 422
    assert text(answer).count(message) == 1
    assert User.objects.count() == 1


def test_a_wrong_password_is_a_422_without_a_hint_who_exists(client, ana):
    answers = [
        client.post("/accounts/login/", {"username": name, "password": "wrong"})
        for name in ("ana", "nobody")
    ]
    assert [one.status_code for one in answers] == [422, 422]
    assert all("do not go together" in text(one) for one in answers)


def test_logging_out_takes_a_post(logged_in):
    assert logged_in.get("/accounts/logout/").status_code == 405
    assert "You are logged out" in text(logged_in.post("/accounts/logout/", follow=True))
    assert logged_in.get("/account/").status_code == 302


def test_the_account_form_saves_name_address_and_bio(logged_in, ana):
    fields = {"first_name": "Ana", "last_name": "Lima", "email": "a@example.com", "bio": "Tea."}
    answer = logged_in.post("/account/", fields, follow=True)
    assert "Your account was saved." in text(answer)
    ana.refresh_from_db()
    assert (ana.first_name, ana.email, ana.profile.bio) == ("Ana", "a@example.com", "Tea.")
    assert data("account.updated") == [{"user": ana.pk, "name": "Ana Lima"}]


def test_an_address_of_somebody_else_is_refused(logged_in, ana):
    person("ben")
    answer = logged_in.post("/account/", {"email": "BEN@example.com", "bio": "Tea."})
    assert answer.status_code == 422
    assert "Another account uses this e-mail address." in text(answer)
    ana.refresh_from_db()
    assert (ana.email, ana.profile.bio) == ("ana@example.com", "This is my bio.")


def test_a_wrong_password_deletes_nothing(logged_in):
    answer = logged_in.post("/account/delete", {"password": "wrong"})
    assert answer.status_code == 422
    assert "Nothing was deleted." in text(answer)
    assert User.objects.count() == 1


def test_deleting_the_account_logs_out_and_keeps_the_orders(logged_in, ana, teapot):
    order = Order.objects.create(product=teapot, ordered_by=ana, quantity=1)
    answer = logged_in.post("/account/delete", {"password": "demo"})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    page = logged_in.get("/")
    assert "Your account was deleted." in text(page)
    assert 'data-hub-person=""' in page.content.decode()
    assert not User.objects.exists()
    order.refresh_from_db()
    assert order.buyer_name == "ana"
    assert [one["reason"] for one in data("rights.revoked")] == ["deleted"]


@pytest.mark.parametrize("path", ["/orders/", "/account/"])
def test_personal_pages_ask_for_a_log_in(client, path):
    assert client.get(path)["Location"] == f"/accounts/login/?next={path}"


# Files and failures


def test_uploaded_pictures_are_served_and_other_files_are_not_shown(client):
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
def test_nothing_but_uploads_is_served(client, name):
    assert client.get(f"/media/{name}").status_code == 404


def test_pages_carry_what_the_person_wants_no_toast_of(logged_in, ana):
    assert 'data-hub-quiet=""' in logged_in.get("/").content.decode()
    preferences.choose(ana.pk, {"order.received": {"toast": False, "inbox": True}})
    preferences.choose(ana.pk, {"account.updated": {"inbox": False}})
    preferences.mute(ana.pk, topic="product.12")
    preferences.mute(ana.pk, topic="news", type="product.created")
    page = logged_in.get("/").content.decode()
    quiet = "*/order.received news/product.created product.12/*"
    assert f'data-hub-quiet="{quiet}"' in page
    assert "data-hub-quiet" not in Client().get("/").content.decode()


def test_static_files_need_no_collecting(client):
    answer = client.get("/static/frontend/shop.css")
    assert answer.status_code == 200
    assert b"--accent" in b"".join(answer)
    answer.close()


def test_a_failure_shows_a_page_of_our_own_and_nothing_of_its_cause(client, monkeypatch):
    client.raise_request_exception = False

    def fail(*args, **kwargs):
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(Product.objects, "select_related", fail)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Something broke on our side" in text(answer)
    assert "secret" not in text(answer)


def test_the_page_for_failures_needs_no_database(rf, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert errors.server_error(rf.get("/")).status_code == 500


# The admin


def test_staff_change_a_price_in_the_list_and_it_is_told(client, teapot):
    client.force_login(person("admin", is_staff=True, is_superuser=True))
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
def test_the_admins_lists_cost_the_same_however_long(client, path, teapot):
    client.force_login(person("admin", is_staff=True, is_superuser=True))
    costs = []
    for n in (0, 1, 2, 3, 4, 5):
        product(f"p{n}")
        Order.objects.create(product=teapot, ordered_by=person(f"p{n}"), quantity=1)
        costs.append(queries(client, f"/admin/orders/{path}"))
    assert costs[-1] == costs[1]  # the first visit warms caches


@pytest.mark.parametrize(
    "path", ["product/{product}/change/", "order/{order}/change/", "user/{user}/change/",
             "product/add/", "user/add/"]
)  # fmt: skip
def test_the_admins_forms_open(client, ana, teapot, path):
    client.force_login(person("admin", is_staff=True, is_superuser=True))
    order = Order.objects.create(product=teapot, ordered_by=ana, quantity=1)
    keys = {"product": teapot.pk, "order": order.pk, "user": ana.pk}
    assert client.get(f"/admin/orders/{path.format(**keys)}").status_code == 200
