"""Placing and deleting orders: the stock, the refusals, and the events."""

import re
from decimal import Decimal

import pytest
from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import transaction

from orders.errors import AccountGone, BadQuantity, OutOfStock, QuantityFixed
from orders.models import Inventory, Order, Product, User
from tests.orders.shop import data, forget, frames, pieces, product, published, user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.both
def test_an_order_takes_its_pieces_and_is_published_to_buyer_and_staff():
    ana, teapot = user(), product()
    forget()
    order = Order.objects.create(product=teapot, ordered_by=ana, quantity=2)
    assert pieces(teapot) == 38
    assert published() == [(f"user.{ana.pk}", "order.received"), ("staff", "order.placed")]
    [received] = frames("order.received")
    assert received["url"] == f"/orders/{order.number}/"
    assert received["severity"] == "success"
    facts = {"number": order.number, "product": teapot.pk, "quantity": 2, "unit_price": "29.00"}
    assert facts.items() <= received["data"].items()


def test_an_order_remembers_name_and_price():
    ana, teapot = user(first_name="Ana", last_name="Lima"), product()
    order = Order.objects.create(product=teapot, ordered_by=ana, quantity=3)
    order.refresh_from_db()
    assert (order.buyer_name, order.unit_price, order.total) == (
        "Ana Lima",
        Decimal("29.00"),
        Decimal("87.00"),
    )


def test_the_price_is_the_stored_one_however_stale_the_instance():
    teapot = product()
    stale = Product.objects.get(pk=teapot.pk)
    Product.objects.update(price=Decimal("25.00"))
    assert Order.objects.create(product=stale, quantity=1).unit_price == Decimal("25.00")


def test_a_price_given_as_text_is_a_price():
    order = Order.objects.create(product=product(), quantity=2, unit_price="9.50")
    assert order.total == Decimal("19.00")


@pytest.mark.both
def test_order_numbers_are_unique_and_carry_the_year():
    teapot = product()
    numbers = {Order.objects.create(product=teapot, quantity=1).number for _ in range(5)}
    assert len(numbers) == 5
    assert all(re.fullmatch(r"20\d\d-\d{6}", number) for number in numbers)


def test_an_order_without_a_buyer_is_published_to_staff_only():
    teapot = product()
    forget()
    Order.objects.create(product=teapot, quantity=1)
    assert published() == [("staff", "order.placed")]


def test_saving_an_order_again_publishes_nothing_and_takes_no_pieces():
    teapot = product()
    order = Order.objects.create(product=teapot, ordered_by=user(), quantity=2)
    forget()
    order.save()
    Order.objects.get(pk=order.pk).save()
    assert published() == []
    assert pieces(teapot) == 38


def test_the_whole_stock_can_be_ordered():
    teapot = product(pieces=3)
    Order.objects.create(product=teapot, quantity=3)
    assert pieces(teapot) == 0


def test_more_than_the_stock_is_refused_and_changes_nothing():
    ana, teapot = user(), product(pieces=3)
    forget()
    with pytest.raises(OutOfStock) as refusal:
        Order.objects.create(product=teapot, ordered_by=ana, quantity=4)
    assert (refusal.value.asked, refusal.value.left) == (4, 3)
    assert isinstance(refusal.value, ValidationError)
    assert refusal.value.messages == ["Only 3 pieces are left, and you asked for 4."]
    assert pieces(teapot) == 3
    assert not Order.objects.exists()
    assert published() == []


def test_a_product_without_an_inventory_is_sold_out():
    with pytest.raises(OutOfStock, match="sold out"):
        Order.objects.create(product=product(pieces=None), quantity=1)


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "2", None, True])
def test_a_quantity_that_is_not_a_number_of_pieces_is_refused(quantity):
    with pytest.raises(BadQuantity):
        Order.objects.create(product=product(), quantity=quantity)


@pytest.mark.both
@pytest.mark.parametrize("quantity", [10**9, 10**30])
def test_an_absurd_quantity_is_out_of_stock(quantity):
    with pytest.raises(OutOfStock):
        Order.objects.create(product=product(), quantity=quantity)


def test_the_quantity_is_fixed_once_ordered():
    teapot = product()
    order = Order.objects.create(product=teapot, quantity=2)
    order.quantity = 5
    with pytest.raises(QuantityFixed):
        order.save()
    with pytest.raises(QuantityFixed):
        Order.objects.update(quantity=1)
    assert pieces(teapot) == 38


@pytest.mark.parametrize("write", ["add", "set"])
def test_an_order_does_not_move_to_another_product_from_the_products_side(write):
    teapot, lamp = product(pieces=10), product("lamp", pieces=10)
    order = Order.objects.create(product=teapot, quantity=4)
    with pytest.raises(QuantityFixed):
        getattr(lamp.orders, write)(*([order] if write == "add" else [[order]]))
    assert Order.objects.get().product == teapot
    order.delete()
    assert (pieces(teapot), pieces(lamp)) == (10, 10)


@pytest.mark.both
def test_deleting_an_order_gives_its_pieces_back():
    teapot = product()
    Order.objects.create(product=teapot, quantity=2).delete()
    Order.objects.create(product=teapot, quantity=3)
    Order.objects.all().delete()
    assert pieces(teapot) == 40


@pytest.mark.both
def test_a_rolled_back_order_leaves_nothing():
    ana, teapot = user(), product()
    forget()
    with pytest.raises(RuntimeError), transaction.atomic():
        Order.objects.create(product=teapot, ordered_by=ana, quantity=2)
        raise RuntimeError
    assert pieces(teapot) == 40
    assert not Order.objects.exists()
    assert published() == []


def test_an_account_that_is_gone_cannot_order():
    ana, teapot = user(), product()
    User.objects.get(pk=ana.pk).delete()
    with pytest.raises(AccountGone):
        Order.objects.create(product=teapot, ordered_by=ana, quantity=1)
    assert pieces(teapot) == 40


def test_orders_created_in_bulk_take_stock_and_publish_like_any_other():
    ana, teapot = user(), product(pieces=5)
    forget()
    Order.objects.bulk_create([Order(product=teapot, ordered_by=ana, quantity=1) for _ in range(3)])
    assert pieces(teapot) == 2
    assert [kind for _, kind in published()].count("order.received") == 3


@pytest.mark.both
def test_a_fixture_brings_its_order_and_its_stock_as_they_are():
    ana, teapot = user(), product()
    order = Order.objects.create(product=teapot, ordered_by=ana, quantity=2)
    text = serializers.serialize("json", [order, Inventory.objects.get()])
    order.delete()
    forget()
    with transaction.atomic():
        for one in serializers.deserialize("json", text):
            one.save()
    assert pieces(teapot) == 38
    assert ("staff", "order.placed") in published()


@pytest.mark.both
def test_orders_after_a_fixture_of_orders_skip_its_numbers():
    teapot = product()
    first = Order.objects.create(product=teapot, quantity=1)
    text = serializers.serialize("json", [first])
    year, digits = first.number.split("-")
    with transaction.atomic():
        for taken in range(int(digits) + 1, int(digits) + 10):
            (one,) = serializers.deserialize("json", text)
            one.object.pk, one.object.number = 1000 + taken, f"{year}-{taken:06}"
            one.save()
    placed = [Order.objects.create(product=teapot, quantity=1).number for _ in range(3)]
    assert len(set(placed)) == 3
    assert Order.objects.count() == 13


def test_staff_are_warned_once_when_the_stock_falls_low():
    lamp = product("lamp", pieces=7)
    forget()
    for _ in range(3):
        Order.objects.create(product=lamp, quantity=1)
    assert data("stock.low") == [{"product": lamp.pk, "slug": "lamp", "name": "Lamp", "left": 5}]
    assert frames("stock.low")[0]["severity"] == "warning"


def test_the_warning_comes_again_after_the_stock_was_filled():
    product("lamp", pieces=6)
    stock = Inventory.objects.get()
    for quantity in (5, 20, 4):
        stock.quantity = quantity
        stock.save()
    assert len(data("stock.low")) == 2


def test_two_deletions_of_one_order_give_its_pieces_back_once():
    teapot = product()
    order = Order.objects.create(product=teapot, quantity=2)
    again = Order.objects.get()
    order.delete()
    again.delete()
    assert pieces(teapot) == 40


def test_a_deletion_gives_back_what_was_ordered_whatever_the_instance_says():
    teapot = product()
    order = Order.objects.create(product=teapot, quantity=2)
    order.quantity = 100
    order.delete()
    assert pieces(teapot) == 40


def test_a_rolled_back_deletion_gives_nothing_back():
    teapot = product()
    order = Order.objects.create(product=teapot, quantity=2)
    with pytest.raises(RuntimeError), transaction.atomic():
        order.delete()
        raise RuntimeError
    assert pieces(teapot) == 38


def test_a_deleted_order_that_is_saved_again_is_a_new_one():
    teapot = product()
    order = Order.objects.create(product=teapot, quantity=2)
    order.delete()
    order.save()
    assert pieces(teapot) == 38
    Inventory.objects.update(quantity=1)
    order.delete()
    order.quantity = 9
    with pytest.raises(OutOfStock):
        order.save()
