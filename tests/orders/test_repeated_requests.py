"""A request that is sent twice is carried out once."""

import re
from functools import partial

import pytest
from django.test import Client

from orders.models import Order, User
from tests.orders.racing import race
from tests.orders.shop import pieces, product, published, text, user

pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]

SIGN_UP = {
    "username": "zoe",
    "email": "zoe@example.com",
    "password1": "a quiet teapot",
    "password2": "a quiet teapot",
}


def logged_in(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def order_form(client: Client) -> dict[str, str]:
    """What the order form of the product's page sends."""
    page = client.get("/products/teapot/").content.decode()
    token = re.search(r'name="token" value="([0-9a-f]+)"', page)
    assert token
    return {"quantity": "2", "token": token[1]}


def send(client: Client, form: dict[str, str]) -> str:
    return client.post("/products/teapot/order", form)["Location"]


def test_an_order_form_that_is_sent_twice_is_one_order():
    teapot, client = product(), logged_in(user())
    form = order_form(client)
    first, second = send(client, form), send(client, form)
    assert first == second == Order.objects.get().get_absolute_url()
    assert pieces(teapot) == 38
    assert "You placed this order already." in text(client.get(second))


def test_an_order_form_that_is_sent_many_times_at_once_is_one_order():
    teapot, ana = product(), user()
    form = order_form(logged_in(ana))
    sent = race(*(partial(send, logged_in(ana), form) for _ in range(6)))
    assert set(sent) == {Order.objects.get().get_absolute_url()}
    assert pieces(teapot) == 38


def test_each_page_has_a_token_of_its_own():
    product()
    client = logged_in(user())
    assert send(client, order_form(client)) != send(client, order_form(client))


@pytest.mark.parametrize("token", [{}, {"token": ""}, {"token": "x" * 32}, {"token": "\0"}])
def test_a_form_without_a_valid_token_is_an_order_each_time(token):
    product()
    client = logged_in(user())
    assert send(client, {"quantity": "1", **token}) != send(client, {"quantity": "1", **token})


def test_a_token_of_another_user_is_no_obstacle():
    product()
    ana, ben = logged_in(user()), logged_in(user("ben"))
    form = order_form(ana)
    assert send(ana, form) != send(ben, form)


def test_a_refused_form_can_be_sent_again():
    product(pieces=1)
    client = logged_in(user())
    form = order_form(client)
    assert client.post("/products/teapot/order", form).status_code == 422
    assert send(client, {**form, "quantity": "1"}) == Order.objects.get().get_absolute_url()


def test_a_sign_up_that_is_sent_twice_is_one_account_and_logs_in_both_times():
    for client in (Client(), Client()):
        assert client.post("/accounts/signup/", SIGN_UP).status_code == 302
        assert client.get("/account/").status_code == 200
    assert [kind for _, kind in published()].count("account.welcome") == 1


def test_a_sign_up_that_is_sent_twice_at_once_is_one_account_and_logs_in_both_times():
    clients = [Client() for _ in range(4)]
    sent = race(*(partial(client.post, "/accounts/signup/", SIGN_UP) for client in clients))
    assert [answer.status_code for answer in sent] == [302] * 4
    assert [client.get("/account/").status_code for client in clients] == [200] * 4
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "other", [{"password1": "another teapot", "password2": "another teapot"}, {"email": "z@e.org"}]
)
def test_a_sign_up_with_the_name_of_another_account_does_not_log_in(client, other):
    client.post("/accounts/signup/", SIGN_UP)
    assert Client().post("/accounts/signup/", {**SIGN_UP, **other}).status_code == 422


def test_a_sign_up_does_not_log_in_to_an_old_account(client):
    zoe = user("zoe", date_joined="2020-01-01T00:00Z")
    zoe.set_password("a quiet teapot")
    zoe.save()
    assert client.post("/accounts/signup/", SIGN_UP).status_code == 422
