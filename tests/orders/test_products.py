"""Prices and stock: which changes are published, however they are written."""

from decimal import Decimal

import pytest
from django.core import serializers
from django.db import IntegrityError, transaction
from django.db.models import F

from hub.publishing.publisher import ephemeral
from orders.models import Inventory, Order, Product, ProductSummary
from tests.orders.shop import data, forget, frames, product, published, user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pages():
    """(topic, type, tail) of the ephemeral events for open pages."""
    heard = []

    def hear(sender, topic, type, key, tail, **kwargs):
        heard.append((topic, type, tail))

    ephemeral.connect(hear)
    yield heard
    ephemeral.disconnect(hear)


def by_save(row: Product, price: str) -> None:
    row.price = Decimal(price)
    row.save()


def by_text(row: Product, price: str) -> None:
    row.price = price
    row.save()


def by_update_fields(row: Product, price: str) -> None:
    row.price = Decimal(price)
    row.save(update_fields=["price"])


def by_update(row: Product, price: str) -> None:
    Product.objects.filter(pk=row.pk).update(price=Decimal(price))


def by_expression(row: Product, price: str) -> None:
    Product.objects.filter(pk=row.pk).update(price=F("price") + Decimal(price) - row.price)


def by_saved_expression(row: Product, price: str) -> None:
    row.price = F("price") + Decimal(price) - row.price
    row.save()


def by_bulk_update(row: Product, price: str) -> None:
    row.price = Decimal(price)
    Product.objects.bulk_update([row], ["price"])


def by_fixture(row: Product, price: str) -> None:
    row.price = Decimal(price)
    with transaction.atomic():
        for one in serializers.deserialize("json", serializers.serialize("json", [row])):
            one.save()


WAYS = [
    by_save,
    by_text,
    by_update_fields,
    by_update,
    by_expression,
    by_saved_expression,
    by_bulk_update,
    by_fixture,
]


@pytest.mark.both
@pytest.mark.parametrize("way", WAYS)
def test_a_price_drop_is_published_however_it_is_written(way):
    teapot = product()
    forget()
    way(teapot, "24.50")
    assert published() == [(f"product.{teapot.pk}", "product.price_dropped")]
    [drop] = frames("product.price_dropped")
    assert drop["data"] == {
        "product": teapot.pk,
        "slug": "teapot",
        "name": "Teapot",
        "picture": None,
        "old_price": "29.00",
        "new_price": "24.50",
    }
    assert drop["title"] == "Teapot is now €24.50"
    assert drop["url"] == "/products/teapot/"


@pytest.mark.both
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("price", ["29.00", "31.00"])
def test_a_raise_or_the_same_price_is_not_published(way, price):
    teapot = product()
    forget()
    way(teapot, price)
    assert published() == []


def test_a_stale_instance_is_compared_with_what_is_stored():
    teapot = product()
    stale = Product.objects.get(pk=teapot.pk)
    Product.objects.update(price=Decimal("20.00"))
    forget()
    stale.price = Decimal("25.00")  # below what it read, above what is stored
    stale.save()
    assert published() == []


def test_saving_other_fields_publishes_nothing():
    teapot = product()
    forget()
    teapot.description = "Round."
    teapot.save(update_fields=["description"])
    assert published() == []


def test_a_price_drop_that_is_rolled_back_is_not_published():
    teapot = product()
    forget()
    with pytest.raises(RuntimeError), transaction.atomic():
        by_save(teapot, "1.00")
        raise RuntimeError
    assert published() == []


def test_open_pages_receive_any_price_and_the_stock(pages):
    teapot = product()
    del pages[:]
    by_save(teapot, "31.00")
    Order.objects.create(product=teapot, quantity=2)
    topics = {(topic, kind) for topic, kind, _ in pages}
    assert topics == {(f"product.{teapot.pk}.page", "product.changed")}
    assert '"price":"31.00","stock":40' in pages[0][2]
    assert '"price":"31.00","stock":38' in pages[1][2]


def test_a_rolled_back_change_does_not_reach_open_pages(pages):
    teapot = product()
    del pages[:]
    with pytest.raises(RuntimeError), transaction.atomic():
        by_save(teapot, "31.00")
        raise RuntimeError
    assert pages == []


def test_a_new_product_is_news_and_gets_its_summary_once():
    teapot = product()
    assert ("news", "product.created") in published()
    teapot.save()
    assert data("product.created") == [{"product": teapot.pk, "slug": "teapot", "name": "Teapot"}]
    assert ProductSummary.objects.get().content == ""


def test_a_fixture_may_bring_its_own_summary():
    teapot = product(pieces=None)
    ProductSummary.objects.update(content="Round.")
    text = serializers.serialize("json", [teapot, ProductSummary.objects.get()])
    teapot.delete()
    with transaction.atomic():
        for one in serializers.deserialize("json", text):
            one.save()
    assert ProductSummary.objects.get().content == "Round."


def test_watchers_are_notified_when_the_stock_leaves_zero():
    chair = product("chair", pieces=0)
    forget()
    for quantity in (4, 9):
        Inventory.objects.filter(product=chair).update(quantity=quantity)
    assert published() == [(f"product.{chair.pk}", "product.back_in_stock")]


def test_the_first_pieces_are_back_in_stock_only_for_watchers():
    product("lamp", pieces=3)
    assert not data("product.back_in_stock")
    chair = product("chair", pieces=None)
    chair.watchers.add(user())
    Inventory.objects.create(product=chair, quantity=1)
    assert [one["slug"] for one in data("product.back_in_stock")] == ["chair"]


def test_deleting_a_product_ends_its_subscriptions_and_publishes_nothing_else():
    teapot = product()
    teapot.watchers.add(user())
    forget()
    topic = f"product.{teapot.pk}"
    teapot.delete()
    assert published() == [(topic, "topic.closed"), (f"{topic}.page", "topic.closed")]


@pytest.mark.both
def test_the_database_refuses_negative_prices_and_quantities():
    teapot = product()
    with pytest.raises(IntegrityError):
        by_save(teapot, "-1.00")
    with pytest.raises(IntegrityError):
        Inventory.objects.update(quantity=-1)


def test_a_deleted_inventory_is_a_stock_of_zero(pages):
    product()
    del pages[:]
    forget()
    Inventory.objects.get().delete()
    assert published() == [("staff", "stock.low")]
    assert '"stock":0' in pages[0][2]


def test_products_created_in_bulk_get_one_summary_each_and_are_news():
    Product.objects.bulk_create([Product(name=n, slug=n, price=1) for n in ("mug", "vase")])
    assert ProductSummary.objects.count() == 2
    assert [one["slug"] for one in data("product.created")] == ["mug", "vase"]


@pytest.mark.both
def test_prices_are_compared_to_the_cent():
    teapot = product(price="0.30")
    forget()
    teapot.price = 0.1 + 0.2  # 0.30000000000000004, stored as 0.30
    teapot.save()
    assert published() == []
    by_text(teapot, "0.29")
    assert [one["new_price"] for one in data("product.price_dropped")] == ["0.29"]


def test_two_deletions_of_one_inventory_are_published_once(pages):
    product(pieces=9)
    forget()
    again = Inventory.objects.get()
    Inventory.objects.get().delete()
    again.delete()
    assert published() == [("staff", "stock.low")]
