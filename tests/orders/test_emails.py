"""The shop's emails: which user gets which, and that no request waits for them."""

from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.test import Client
from django.utils import timezone

from hub.events import declared_types
from hub.inbox import mark_all
from hub.models import Delivery, Event, Log
from hub.worker.worker import Worker
from orders import events
from orders.models import Inventory, Order, Product, User
from orders.topics import ShopPolicy
from tests.hub.emails import make_due
from tests.orders.shop import product, user

pytestmark = pytest.mark.django_db(transaction=True)


def emails() -> list[tuple[str, str]]:
    """Send all emails that are due: (to, subject) of each. Earlier ones are forgotten."""
    make_due()
    mail.outbox.clear()
    worker = Worker(ShopPolicy())
    worker.run_once()
    make_due()
    worker.run_once()
    return sorted((one.to[0].partition("@")[0], one.subject) for one in mail.outbox)


@pytest.fixture
def ana() -> User:
    made = user()
    emails()
    return made


@pytest.fixture
def teapot(ana: User) -> Product:
    made = product()
    emails()
    return made


# Accounts


def test_a_new_user_is_welcomed() -> None:
    user("ben")
    assert emails() == [("ben", "Welcome, ben")]
    assert emails() == []


def test_a_sign_up_that_is_rolled_back_is_not_welcomed() -> None:
    with pytest.raises(LookupError), transaction.atomic():
        user("ben")
        raise LookupError
    assert emails() == []


def test_one_change_of_an_account_is_one_email(ana: User) -> None:
    ana.first_name, ana.last_name = "Ana", "Lima"
    ana.set_password("another one")
    ana.save()
    ana.save()
    assert emails() == [("ana", "Your account was changed")]


def test_a_log_in_sends_no_email(ana: User) -> None:
    ana.last_login = timezone.now()
    ana.save()
    assert emails() == []


def test_a_deleted_user_gets_one_last_email_and_staff_none(ana: User) -> None:
    user("admin", is_staff=True)
    emails()
    ana.delete()
    assert emails() == [("ana", "Your account was deleted")]
    assert emails() == []
    assert not Delivery.objects.exclude(address="").exists()


def test_users_deleted_together_each_get_their_last_email(ana: User) -> None:
    user("ben")
    emails()
    User.objects.all().delete()
    assert [to for to, _ in emails()] == ["ana", "ben"]


def test_the_last_email_goes_to_the_stored_address(ana: User) -> None:
    stale = User.objects.get(pk=ana.pk)
    User.objects.filter(pk=ana.pk).update(
        email="new@example.com", confirmed_email="new@example.com"
    )
    emails()
    stale.delete()
    assert emails() == [("new", "Your account was deleted")]


def test_a_deletion_that_is_rolled_back_is_not_confirmed(ana: User) -> None:
    with pytest.raises(LookupError), transaction.atomic():
        ana.delete()
        raise LookupError
    assert emails() == []
    assert not Delivery.objects.exclude(address="").exists()


def test_deleting_a_user_without_an_address_sends_no_email() -> None:
    User.objects.create_user("nobody")
    emails()
    User.objects.all().delete()
    assert emails() == []


def test_an_address_is_never_in_the_log(ana: User) -> None:
    ana.delete()
    assert not any("@example" in frame for frame in Event.objects.values_list("frame", flat=True))


# Orders


def test_a_buyer_gets_one_email_per_order(ana: User, teapot: Product) -> None:
    user("admin", is_staff=True)
    emails()
    order = Order.objects.create(product=teapot, ordered_by=ana, quantity=2)
    assert emails() == [("ana", "We have your order")]
    order.save()
    assert emails() == []
    Order.objects.create(product=teapot, ordered_by=ana, quantity=1)
    assert emails() == [("ana", "We have your order")]


def test_an_order_is_emailed_even_if_it_was_seen_on_the_site(ana: User, teapot: Product) -> None:
    Order.objects.create(product=teapot, ordered_by=ana, quantity=2)
    mark_all(ana.pk, "seen", Log.objects.get().head + 10)
    assert emails() == [("ana", "We have your order")]


def test_a_refused_order_sends_no_email(ana: User, teapot: Product) -> None:
    from orders.errors import OutOfStock

    with pytest.raises(OutOfStock):
        Order.objects.create(product=teapot, ordered_by=ana, quantity=41)
    assert emails() == []


def test_the_email_of_an_order_shows_its_facts_escaped(ana: User) -> None:
    tea = product("tea")
    Product.objects.filter(pk=tea.pk).update(name="Tea & <b>Milk</b>")
    emails()
    order = Order.objects.create(product=tea, ordered_by=ana, quantity=2)
    emails()
    (sent,) = mail.outbox
    assert f"{order.number}" in sent.body
    assert f"2 {events.TIMES} Tea & <b>Milk</b> at €29.00" in sent.body
    assert f"/orders/{order.number}/" in sent.body
    (html, _), *_ = sent.alternatives
    assert f"2 {events.TIMES} Tea &amp; &lt;b&gt;Milk&lt;/b&gt; at €29.00" in html


# Products


def test_watchers_get_an_email_for_a_lower_price_only(ana: User, teapot: Product) -> None:
    user("ben")
    teapot.watchers.add(ana)
    emails()
    Product.objects.filter(pk=teapot.pk).update(price=Decimal("35.00"))
    assert emails() == []
    Product.objects.filter(pk=teapot.pk).update(price=Decimal("25.00"))
    assert emails() == [("ana", "Teapot is now €25.00")]
    (sent,) = mail.outbox
    assert "€25.00 now, down from €35.00" in sent.body


def test_a_price_drop_that_was_seen_on_the_site_is_not_emailed(ana: User, teapot: Product) -> None:
    teapot.watchers.add(ana)
    emails()
    Product.objects.filter(pk=teapot.pk).update(price=Decimal("25.00"))
    Worker(ShopPolicy()).run_once()
    assert Delivery.objects.get(type="product.price_dropped").state == "waiting"
    mark_all(ana.pk, "seen", Log.objects.get().head)
    assert emails() == []


def test_a_price_change_that_is_rolled_back_sends_no_email(ana: User, teapot: Product) -> None:
    teapot.watchers.add(ana)
    emails()
    with pytest.raises(LookupError), transaction.atomic():
        Product.objects.filter(pk=teapot.pk).update(price=Decimal("25.00"))
        raise LookupError
    assert emails() == []


def test_watchers_get_an_email_when_a_product_is_back(ana: User) -> None:
    chair = product("chair", pieces=0)
    chair.watchers.add(ana)
    emails()
    Inventory.objects.filter(product=chair).update(quantity=3)
    assert emails() == [("ana", "Chair is back in stock")]


def test_users_who_want_news_get_an_email_about_new_products(ana: User) -> None:
    user("ben")
    ana.wants_news = True
    ana.save()
    emails()
    product("kettle")
    assert emails() == [("ana", "New in the shop: Kettle")]
    ana.wants_news = False
    ana.save()
    emails()
    product("bowl")
    assert emails() == []


def test_low_stock_and_new_orders_are_not_emailed_to_staff(ana: User, teapot: Product) -> None:
    user("admin", is_staff=True)
    emails()
    Order.objects.create(product=teapot, ordered_by=ana, quantity=38)
    assert [to for to, _ in emails()] == ["ana"]


# All of them


def test_the_types_that_are_emailed_are_the_documented_ones() -> None:
    ours = [kind for kind in declared_types() if kind.__module__ == events.__name__ and kind.mail]
    assert {kind.type: kind.grace for kind in ours} == {
        "account.address_changed": 0,
        "account.confirm_address": 0,
        "account.deleted": 0,
        "account.password_reset": 0,
        "account.updated": 0,
        "account.welcome": 0,
        "order.received": 0,
        "product.back_in_stock": 600,
        "product.created": 600,
        "product.price_dropped": 600,
    }


class Unused(BaseEmailBackend):
    """An email server that must not be used."""

    def send_messages(self, email_messages: Any) -> int:
        raise AssertionError("a request sent an email")

    open = close = send_messages


def test_no_request_talks_to_the_email_server(settings: Any, teapot: Product) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Unused"
    client = Client()
    password = "a long one, for once"
    form = {"username": "eve", "email": "eve@example.com", "password1": password}
    answer = client.post("/accounts/signup/", form | {"password2": password})
    assert answer.status_code == 302
    assert client.post("/products/teapot/order", {"quantity": 1}).status_code == 302
    assert client.post("/accounts/password_reset/", {"email": "ana@example.com"}).status_code == 200
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert ("eve", "Confirm your email address") in emails()


def test_the_link_in_an_email_switches_its_kind_off(ana: User, teapot: Product) -> None:
    Order.objects.create(product=teapot, ordered_by=ana, quantity=1)
    emails()
    header = mail.outbox[0].extra_headers["List-Unsubscribe"].strip("<>")
    path = "/unsubscribe/" + header.partition("/unsubscribe/")[2]
    page = Client().get(path).content.decode()
    assert "Stop these emails" in page and "Your orders" in page
    Client().post(path)
    Order.objects.create(product=teapot, ordered_by=ana, quantity=1)
    assert emails() == []
    ana.first_name = "Ana"
    ana.save()
    assert emails() == [("ana", "Your account was changed")]
