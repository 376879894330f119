"""The shop's HTTP API: products are public, orders are for their buyers."""

import datetime
import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import Order
from tests.numbering import drain
from tests.orders.shop import pieces, product, user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ana():
    return user()


@pytest.fixture
def browser(client, ana):
    client.force_login(ana)
    return client


def place(client, quantity=1, slug="teapot", key=None):
    body = json.dumps({"product": slug, "quantity": quantity})
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/api/orders", body, content_type="application/json", headers=headers)


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_everybody_may_look_at_the_products(client):
    made = product()
    product("lamp", "89.50", None)
    assert client.get("/api/products").json() == {
        "items": [
            {
                "id": made.pk,
                "slug": "teapot",
                "name": "Teapot",
                "description": "",
                "price": "29.00",
                "stock": 40,
                "url": "/products/teapot/",
                "image": None,
            },
            client.get("/api/products/lamp").json(),
        ],
        "next": None,
    }
    assert client.get("/api/products/lamp").json()["stock"] == 0


def test_products_come_in_pages_at_a_constant_cost(client):
    made = [product(f"p{n}").pk for n in range(5)]
    page = client.get("/api/products?limit=2").json()
    assert page["next"] == made[1]
    page = client.get(f"/api/products?limit=2&after={page['next']}").json()
    assert [one["id"] for one in page["items"]] == made[2:4]
    costs = []
    for limit in (1, 5):
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/api/products?limit={limit}")
        costs.append(len(captured))
    assert costs[0] == costs[1]


def test_an_unknown_product_is_not_found(client):
    assert code(client.get("/api/products/kettle")) == (404, "not_found")


def test_an_order_takes_pieces_and_is_answered_with_what_was_bought(ana, browser):
    made = product()
    answer = place(browser, 3)
    assert answer.status_code == 201
    order = Order.objects.get()
    assert answer.json() == {
        "number": order.number,
        "product": "teapot",
        "name": "Teapot",
        "quantity": 3,
        "unit_price": "29.00",
        "total": "87.00",
        "created_at": order.created_at.isoformat(),
        "url": f"/orders/{order.number}/",
    }
    assert order.ordered_by == ana
    assert pieces(made) == 37
    assert browser.get(f"/api/orders/{order.number}").json() == answer.json()


def test_an_order_beyond_the_stock_is_a_conflict_and_changes_nothing(browser):
    made = product(pieces=2)
    answer = place(browser, 3)
    assert code(answer) == (409, "out_of_stock")
    assert "Only 2 pieces are left" in answer.json()["error"]["message"]
    assert pieces(made) == 2
    assert not Order.objects.exists()
    assert place(browser, 2).status_code == 201
    assert code(place(browser, 1)) == (409, "out_of_stock")


def test_a_repeated_idempotency_key_gets_the_first_order(browser):
    made = product()
    first, second = (place(browser, 3, key="k1") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert pieces(made) == 37
    assert place(browser, 3, key="k2").json()["number"] != first.json()["number"]
    assert pieces(made) == 34


def test_an_idempotency_key_belongs_to_one_request(browser):
    product()
    place(browser, 3, key="k1")
    assert code(place(browser, 4, key="k1")) == (422, "idempotency_key_reused")
    assert Order.objects.count() == 1


def test_an_idempotency_key_belongs_to_one_user(browser):
    product()
    ben = Client()
    ben.force_login(user("ben"))
    assert place(browser, key="k1").status_code == place(ben, key="k1").status_code == 201
    assert Order.objects.count() == 2


def test_an_idempotency_key_is_kept_for_a_day(browser):
    product()
    place(browser, key="k1")
    Order.objects.update(created_at=timezone.now() - datetime.timedelta(hours=25))
    place(browser, key="k1")
    assert Order.objects.count() == 2


def test_a_refused_order_leaves_its_idempotency_key_free(browser):
    product(pieces=2)
    assert code(place(browser, 3, key="k1")) == (409, "out_of_stock")
    assert place(browser, 2, key="k1").status_code == 201


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "2", "abc", None, True, 2**31, 10**30])
def test_a_quantity_that_is_not_a_number_of_pieces_is_invalid(browser, quantity):
    made = product()
    assert code(place(browser, quantity)) == (422, "invalid")
    assert pieces(made) == 40


def test_ordering_an_unknown_product_is_not_found(browser):
    assert code(place(browser, slug="kettle")) == (404, "not_found")
    assert code(place(browser, slug="a\0b")) == (422, "invalid")


def test_an_order_is_visible_to_its_buyer_and_to_staff_only(browser):
    product()
    number = place(browser).json()["number"]
    ben, boss = Client(), Client()
    ben.force_login(user("ben"))
    boss.force_login(user("boss", is_staff=True))
    assert code(ben.get(f"/api/orders/{number}")) == (404, "not_found")
    assert code(ben.get(f"/api/orders?before={number}")) == (404, "not_found")
    assert ben.get("/api/orders").json() == {"items": [], "next": None}
    assert boss.get(f"/api/orders/{number}").status_code == 200
    assert boss.get("/api/orders").json()["items"] == []


def test_orders_come_in_pages_newest_first(browser):
    product()
    numbers = [place(browser).json()["number"] for _ in range(4)]
    page = browser.get("/api/orders?limit=3").json()
    assert [one["number"] for one in page["items"]] == numbers[:0:-1]
    assert page["next"] == numbers[1]
    page = browser.get(f"/api/orders?limit=3&before={page['next']}").json()
    assert [one["number"] for one in page["items"]] == [numbers[0]]
    assert page["next"] is None


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "/api/orders"), ("post", "/api/orders"), ("get", "/api/orders/2026-000001")],
)
def test_orders_are_for_users_who_are_signed_in(method, path):
    answer = getattr(Client(enforce_csrf_checks=True), method)(path)
    assert code(answer) == (401, "unauthorized")


def test_an_order_needs_the_sites_token(ana):
    product()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ana)
    assert code(place(strict)) == (403, "csrf")
    assert not Order.objects.exists()


def test_the_inbox_of_a_user_who_was_staff_shows_no_staff_events():
    boss = user("boss", is_staff=True)
    client = Client()
    client.force_login(boss)
    product()
    place(client)
    drain()
    drain()

    def types():
        return {item["type"] for item in client.get("/api/notifications").json()["items"]}

    assert "order.placed" in types()
    boss.is_staff = False
    boss.save()
    assert "order.placed" not in types()  # at once, before the subscription has ended
    drain()
    assert types() == {"account.welcome", "order.received"}
