"""The forms for ordering and watching, and who may see an order."""

import pytest
from django.test import Client

from orders.models import Order
from tests.orders.shop import pieces, text, user

pytestmark = pytest.mark.django_db(transaction=True)

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
        ("1_0", "Enter a whole number, such as 2."),
        ("", "Enter how many pieces you want."),
        ("41", "Only 40 pieces are left, and you asked for 41."),
        (str(10**9), "Only 40 pieces are left, and you asked for 1,000,000,000."),
        (str(10**30), "Only 40 pieces are left, and you asked for far more."),
        ("9" * 10_000, "Enter a whole number, such as 2."),
        ("\0", "Enter a whole number, such as 2."),
    ],
)
def test_a_refused_order_says_why_at_the_field(logged_in, teapot, quantity, message):
    answer = logged_in.post("/products/teapot/order", {"quantity": quantity})
    assert answer.status_code == 422
    assert message in text(answer)
    page = answer.content.decode()
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="id_quantity_error"' in page
    assert 'id="id_quantity_error"' in page
    assert pieces(teapot) == 40
    assert not Order.objects.exists()


def test_an_anonymous_buyer_logs_in_and_returns_with_the_quantity(client, ana, teapot):
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
def test_a_log_in_after_a_post_redirects_to_a_page_that_exists(client, ana, teapot, path):
    to_login = client.post(path, {"quantity": "<b>", "on": "1"})
    next_page = client.get(to_login["Location"]).context["next"]
    assert client.get(next_page).status_code == 200


def test_an_order_needs_a_csrf_token(ana, teapot):
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


def test_an_order_is_visible_to_its_buyer_and_to_staff_only(client, ana, teapot):
    order = Order.objects.create(product=teapot, ordered_by=ana, quantity=1)
    path = f"/orders/{order.number}/"
    assert client.get(path)["Location"] == f"/accounts/login/?next={path}"
    for who, status in (
        (ana, 200),
        (user("ben"), 404),
        (user("admin", is_staff=True), 200),
    ):
        client.force_login(who)
        assert client.get(path).status_code == status


def test_my_orders_lists_the_users_own_orders_only(logged_in, ana, teapot):
    assert "No orders yet" in text(logged_in.get("/orders/"))
    mine = Order.objects.create(product=teapot, ordered_by=ana, quantity=1)
    other = Order.objects.create(product=teapot, ordered_by=user("ben"), quantity=1)
    page = text(logged_in.get("/orders/"))
    assert mine.number in page
    assert other.number not in page


# Watching


def test_a_product_is_watched_and_unwatched(logged_in, ana, teapot):
    answer = logged_in.post("/products/teapot/watch", {"on": "1"})
    assert (answer.status_code, answer["Location"]) == (302, "/products/teapot/")
    assert list(teapot.watchers.all()) == [ana]
    assert "Stop watching" in text(logged_in.get("/products/teapot/"))
    logged_in.post("/products/teapot/watch", {"on": "0"})
    assert not teapot.watchers.exists()


def test_a_watch_form_without_a_choice_changes_nothing(logged_in, teapot):
    answer = logged_in.post("/products/teapot/watch", {"on": "maybe"}, follow=True)
    assert answer.status_code == 200
    assert "Choose Watch or Stop watching" in text(answer)
    assert not teapot.watchers.exists()
