"""Subscriptions follow the watch list."""

import pytest

from orders import watching
from orders.errors import TooManyWatched
from tests.orders.shop import data, forget, product, published, user

pytestmark = pytest.mark.django_db(transaction=True)


def changes() -> list[tuple[str, str, bool]]:
    """(user's topic, subject, on or off)"""
    topics = [topic for topic, kind in published() if kind == "subscription.changed"]
    facts = data("subscription.changed")
    return [(topic, one["subject"], one["on"]) for topic, one in zip(topics, facts, strict=True)]


@pytest.fixture
def shop():
    ana, ben = user("ana"), user("ben")
    teapot, lamp = product(), product("lamp")
    forget()
    return ana, ben, teapot, lamp


def test_watching_from_the_products_side(shop):
    ana, ben, teapot, _ = shop
    teapot.watchers.add(ana, ben)
    subject = f"product.{teapot.pk}"
    assert changes() == [(f"user.{ana.pk}", subject, True), (f"user.{ben.pk}", subject, True)]


def test_watching_from_the_users_side(shop):
    ana, _, teapot, lamp = shop
    ana.watched_products.set([teapot, lamp])
    ana.watched_products.set([lamp])
    mine = f"user.{ana.pk}"
    assert changes() == [
        (mine, f"product.{teapot.pk}", True),
        (mine, f"product.{lamp.pk}", True),
        (mine, f"product.{teapot.pk}", False),
    ]


def test_watching_twice_is_published_once(shop):
    ana, _, teapot, _ = shop
    teapot.watchers.add(ana)
    teapot.watchers.add(ana)
    assert len(changes()) == 1


def test_unwatching_an_unwatched_product_publishes_nothing(shop):
    ana, ben, teapot, _ = shop
    teapot.watchers.add(ana)
    forget()
    teapot.watchers.remove(ben)
    ben.watched_products.clear()
    assert changes() == []


def test_a_clear_unsubscribes_all_watchers(shop):
    ana, ben, teapot, lamp = shop
    teapot.watchers.add(ana, ben)
    lamp.watchers.add(ana)
    forget()
    teapot.watchers.clear()
    assert {topic for topic, _, on in changes() if not on} == {f"user.{ana.pk}", f"user.{ben.pk}"}
    forget()
    ana.watched_products.clear()
    assert changes() == [(f"user.{ana.pk}", f"product.{lamp.pk}", False)]


def test_no_user_watches_more_than_the_limit(shop, monkeypatch):
    ana, ben, teapot, lamp = shop
    monkeypatch.setattr(watching, "MAX_WATCHED", 1)
    teapot.watchers.add(ana)
    with pytest.raises(TooManyWatched):
        lamp.watchers.add(ana)
    with pytest.raises(TooManyWatched):
        ben.watched_products.add(teapot, lamp)
    assert list(ana.watched_products.all()) == [teapot]
    assert not ben.watched_products.exists()
