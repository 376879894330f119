"""Prices and stock: which changes are told, by whichever way they are written."""

from decimal import Decimal

import pytest
from django.core import serializers
from django.db import IntegrityError, transaction
from django.db.models import F

from hub.publishing.publisher import ephemeral
from orders.models import Inventory, Order, Product, ProductSummary
from tests.orders.shop import data, forget, frames, person, product, told

pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pages():
    """What open pages are told: (topic, type, key) of ephemeral events."""
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


@pytest.mark.parametrize("way", WAYS)
def test_a_price_drop_is_told_however_it_is_written(way):
    teapot = product()
    forget()
    way(teapot, "24.50")
    assert told() == [(f"product.{teapot.pk}", "product.price_dropped")]
    [drop] = frames("product.price_dropped")
    assert drop["data"] == {
        "product": teapot.pk,
        "slug": "teapot",
        "name": "Teapot",
        "old_price": "29.00",
        "new_price": "24.50",
    }
    assert drop["title"] == "Teapot is now €24.50"
    assert drop["url"] == "/products/teapot/"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("price", ["29.00", "31.00"])
def test_a_raise_or_the_same_price_is_not_told(way, price):
    teapot = product()
    forget()
    way(teapot, price)
    assert told() == []


def test_a_stale_instance_is_compared_with_what_is_stored():
    teapot = product()
    stale = Product.objects.get(pk=teapot.pk)
    Product.objects.update(price=Decimal("20.00"))
    forget()
    stale.price = Decimal("25.00")  # below what it read, above what is stored
    stale.save()
    assert told() == []


def test_saving_other_fields_tells_nothing():
    teapot = product()
    forget()
    teapot.description = "Round."
    teapot.save(update_fields=["description"])
    assert told() == []


def test_a_rolled_back_drop_is_not_told():
    teapot = product()
    forget()
    with pytest.raises(RuntimeError), transaction.atomic():
        by_save(teapot, "1.00")
        raise RuntimeError
    assert told() == []


def test_open_pages_hear_of_any_price_and_of_the_stock(pages):
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
    assert ("news", "product.created") in told()
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


def test_watchers_hear_when_the_stock_leaves_zero():
    chair = product("chair", pieces=0)
    forget()
    for quantity in (4, 9):
        Inventory.objects.filter(product=chair).update(quantity=quantity)
    assert told() == [(f"product.{chair.pk}", "product.back_in_stock")]


def test_first_pieces_are_back_only_for_somebody_who_waited():
    product("lamp", pieces=3)
    assert not data("product.back_in_stock")
    chair = product("chair", pieces=None)
    chair.watchers.add(person())
    Inventory.objects.create(product=chair, quantity=1)
    assert [one["slug"] for one in data("product.back_in_stock")] == ["chair"]


def test_deleting_a_product_ends_the_watching_and_nothing_more():
    ana, teapot = person(), product()
    teapot.watchers.add(ana)
    forget()
    teapot.delete()
    assert told() == [(f"user.{ana.pk}", "subscription.changed")]


def test_the_database_refuses_what_no_form_would_let_through():
    teapot = product()
    with pytest.raises(IntegrityError):
        by_save(teapot, "-1.00")
    with pytest.raises(IntegrityError):
        Inventory.objects.update(quantity=-1)


def test_a_removed_inventory_is_a_stock_of_none(pages):
    product()
    del pages[:]
    forget()
    Inventory.objects.get().delete()
    assert told() == [("staff", "stock.low")]
    assert '"stock":0' in pages[0][2]


def test_products_made_in_bulk_get_one_summary_each_and_are_news():
    Product.objects.bulk_create([Product(name=n, slug=n, price=1) for n in ("mug", "vase")])
    assert ProductSummary.objects.count() == 2
    assert [one["slug"] for one in data("product.created")] == ["mug", "vase"]


def test_prices_are_compared_to_the_cent():
    teapot = product(price="0.30")
    forget()
    teapot.price = 0.1 + 0.2  # 0.30000000000000004, stored as 0.30
    teapot.save()
    assert told() == []
    by_text(teapot, "0.29")
    assert [one["new_price"] for one in data("product.price_dropped")] == ["0.29"]


def test_two_deletions_of_one_inventory_are_told_once(pages):
    product(pieces=9)
    forget()
    again = Inventory.objects.get()
    Inventory.objects.get().delete()
    again.delete()
    assert told() == [("staff", "stock.low")]
