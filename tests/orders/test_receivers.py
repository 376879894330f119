"""Every receiver of the shop, and of the hub, is needed: without it, a promise is broken.

For each there is a scenario that holds. With just that receiver turned off by its dispatch_uid,
as the documents say, the same scenario fails. A receiver without a scenario fails, too.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save
from django.dispatch import Signal
from django.test import Client

from hub.models import Delivery, SessionOwner
from orders.errors import EmailTaken, OutOfStock
from orders.models import (
    Inventory,
    Order,
    Product,
    ProductImage,
    ProductSummary,
    ProductView,
    Profile,
    User,
)
from orders.signals import product_viewed
from tests.orders.pictures import upload
from tests.orders.shop import data, forget, frames, pieces, product, published, user

pytestmark = pytest.mark.django_db(transaction=True)

MODELS: dict[int, Any] = {
    id(one): one
    for one in (
        *(Inventory, Order, Product, ProductImage, User, Session, Group, Permission),
        *(Product.watchers.through, User.groups.through, User.user_permissions.through),
        *(Group.permissions.through, None),
    )
}


class Connected(NamedTuple):
    signal: Signal
    sender: Any


def connected() -> dict[str, Connected]:
    """The receivers by their dispatch_uid."""
    found = {}
    for signal in (pre_save, post_save, pre_delete, post_delete, m2m_changed, product_viewed):
        for (uid, sender), *_ in signal.receivers:
            # Other senders are proxies and children, which other tests define.
            if isinstance(uid, str) and uid.startswith(("orders.", "hub.")) and sender in MODELS:
                found[uid] = Connected(signal, MODELS[sender])
    return found


@pytest.fixture
def turned_off(request: pytest.FixtureRequest) -> Iterator[str]:
    """Turns one receiver off, as a project would."""
    uid: str = request.param
    signal, sender = connected()[uid]
    before = list(signal.receivers)
    assert signal.disconnect(sender=sender, dispatch_uid=uid)
    yield uid
    signal.receivers = before
    signal.sender_receivers_cache.clear()


# Scenarios: each holds for the whole shop.


def take_stock() -> None:
    Order.objects.create(product=(teapot := product()), quantity=2, unit_price=1, total=2)
    assert pieces(teapot) == 38


def tell_order() -> None:
    Order.objects.create(product=product(), ordered_by=user(), quantity=1)
    assert data("order.received")
    assert data("order.placed")


def give_stock_back() -> None:
    order = Order.objects.create(product=(teapot := product()), quantity=2)
    order.delete()
    assert pieces(teapot) == 40


def tell_price() -> None:
    teapot = product()
    Product.objects.update(price="1.00")
    assert [one["product"] for one in data("product.price_dropped")] == [teapot.pk]


def tell_product() -> None:
    tell_price()
    assert data("product.created")


def release_watchers() -> None:
    teapot = product()
    teapot.watchers.add(user())
    forget()
    key = teapot.pk
    teapot.delete()
    closed = [frame["topic"] for frame in frames("topic.closed")]
    assert closed == [f"product.{key}", f"product.{key}.page"]


def tell_stock() -> None:
    product(pieces=9)
    Inventory.objects.update(quantity=5)
    assert data("stock.low")


def tell_stock_gone() -> None:
    product(pieces=9)
    Inventory.objects.all().delete()
    assert [one["left"] for one in data("stock.low")] == [0]


def add_summary() -> None:
    product()
    assert ProductSummary.objects.count() == 1


def release_replaced_file() -> None:
    row = ProductImage.objects.create(product=product(), image=upload())
    old = Path(row.image.path)
    row.image = upload("b.png")
    row.save()
    assert not old.exists()


def release_file() -> None:
    row = ProductImage.objects.create(product=product(), image=upload())
    row.product.delete()
    assert not Path(row.image.path).exists()


def record_view() -> None:
    product()
    Client().get("/products/teapot/")
    assert ProductView.objects.count() == 1


def follow_watchers() -> None:
    product().watchers.add(user())
    assert data("subscription.changed")


def remember_account() -> None:
    ana = user()
    ana.first_name = "Ana"
    ana.save()
    assert data("account.updated")
    with pytest.raises(EmailTaken):
        User.objects.create_user("ben", "ANA@example.com")


def tell_account() -> None:
    user("ana", is_staff=True, wants_news=True)
    assert data("account.welcome")
    assert len(data("subscription.changed")) == 2


def lose_password() -> None:
    ana = user()
    ana.set_password("another")
    ana.save()
    assert [one["reason"] for one in data("rights.revoked")] == ["password"]


def end_sessions() -> None:
    ana = user()
    Client().force_login(ana)
    ana.delete()
    assert not Session.objects.exists()


def tell_account_deleted() -> None:
    user().delete()
    assert [one["severity"] for one in frames("account.deleted")] == ["critical", "info"]
    assert [one["reason"] for one in data("rights.revoked")] == ["deleted"]


def confirm_deletion() -> None:
    user().delete()
    assert Delivery.objects.filter(address="ana@example.com").count() == 1


def remember_session() -> None:
    Client().force_login(user())
    assert SessionOwner.objects.exists()


def revoke_session() -> None:
    Client().force_login(ana := user())
    forget()
    Session.objects.all().delete()
    assert published() == [(f"user.{ana.pk}", "rights.revoked")]


def add_profile() -> None:
    user()
    assert Profile.objects.count() == 1


def recheck_after(change: Callable[[User, Group, Permission], Any]) -> Callable[[], None]:
    def scenario() -> None:
        ana, clerks = user(), Group.objects.create(name="clerks")
        viewing = Permission.objects.create(
            codename="look", name="Look", content_type_id=Permission.objects.first().content_type_id
        )
        ana.groups.add(clerks)
        forget()
        change(ana, clerks, viewing)
        assert published() == [(f"user.{ana.pk}", "rights.revoked")]

    return scenario


def recheck_holders() -> None:
    ana = user()
    viewing = Permission.objects.get(codename="view_order")
    ana.user_permissions.add(viewing)
    forget()
    viewing.delete()
    assert published() == [(f"user.{ana.pk}", "rights.revoked")]


SCENARIOS: dict[str, Callable[[], None]] = {
    "orders.take_stock": take_stock,
    "orders.tell_order": tell_order,
    "orders.reduce_stock": take_stock,
    "orders.remember_order": give_stock_back,
    "orders.give_stock_back": give_stock_back,
    "orders.remember_price": tell_price,
    "orders.tell_product": tell_product,
    "orders.release_watchers": release_watchers,
    "orders.remember_stock": tell_stock,
    "orders.tell_stock": tell_stock,
    "orders.remember_stock_gone": tell_stock_gone,
    "orders.tell_stock_gone": tell_stock_gone,
    "orders.add_summary": add_summary,
    "orders.release_replaced_file": release_replaced_file,
    "orders.release_file": release_file,
    "orders.record_view": record_view,
    "orders.follow_watchers": follow_watchers,
    "orders.remember_account": remember_account,
    "orders.tell_account": tell_account,
    "orders.remember_account_gone": tell_account_deleted,
    "hub.end_sessions": end_sessions,
    "orders.confirm_deletion": confirm_deletion,
    "orders.tell_account_deleted": tell_account_deleted,
    "hub.remember_session": remember_session,
    "hub.revoke_session": revoke_session,
    "orders.add_profile": add_profile,
    "hub.remember_user": lose_password,
    "hub.revoke_lost_rights": lose_password,
    "hub.revoke_deleted_user": tell_account_deleted,
    "hub.recheck_grouped_users": recheck_after(lambda ana, clerks, viewing: ana.groups.set([])),
    "hub.recheck_permitted_users": recheck_after(
        lambda ana, clerks, viewing: ana.user_permissions.add(viewing)
    ),
    "hub.recheck_groups": recheck_after(
        lambda ana, clerks, viewing: clerks.permissions.add(viewing)
    ),
    "hub.recheck_members": recheck_after(lambda ana, clerks, viewing: clerks.delete()),
    "hub.recheck_holders": recheck_holders,
}


def test_every_receiver_has_a_scenario():
    assert set(connected()) == set(SCENARIOS)


@pytest.mark.parametrize("scenario", dict.fromkeys(SCENARIOS.values()))
def test_the_whole_shop_keeps_the_promise(scenario):
    scenario()


@pytest.mark.parametrize("turned_off", SCENARIOS, indirect=True)
def test_without_its_receiver_the_promise_is_broken(turned_off):
    with pytest.raises((AssertionError, OutOfStock, pytest.fail.Exception)):
        SCENARIOS[turned_off]()


def test_a_receiver_that_is_turned_off_leaves_the_others_on():
    uid = "orders.tell_order"
    signal, sender = connected()[uid]
    before = list(signal.receivers)
    try:
        signal.disconnect(sender=sender, dispatch_uid=uid)
        Order.objects.create(product=(teapot := product()), ordered_by=user(), quantity=2)
    finally:
        signal.receivers = before
        signal.sender_receivers_cache.clear()
    assert pieces(teapot) == 38
    assert not data("order.received")
