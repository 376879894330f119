"""Writes that cannot be separated from their events, shown with the shop's models."""

from decimal import Decimal

import pytest
from django.core import serializers
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F
from django.db.models.signals import post_delete, post_save, pre_save
from django.test.utils import CaptureQueriesContext

from hub import publish
from hub.errors import BulkRefused, RowGone
from hub.models import Event
from orders.models import Inventory, Order, Product, User
from tests.hub.site import Told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def make(*slugs, price="10.00"):
    return [Product.objects.create(slug=slug, name=slug, price=Decimal(price)) for slug in slugs]


@pytest.fixture
def watched():
    """A receiver that publishes, on the model that is written; and what it told."""
    products = make("a", "b", "c")
    Event.objects.all().delete()

    def tell(sender, instance, **kwargs):
        publish(Told(text=instance.slug), "open.products")

    for signal in (post_save, post_delete):
        signal.connect(tell, sender=Product)
    yield products
    for signal in (post_save, post_delete):
        signal.disconnect(tell, sender=Product)


def told():
    frames = Event.objects.filter(topic="open.products").order_by("pk")
    return [
        frame.split('"text":"')[1].split('"')[0] for frame in frames.values_list("frame", flat=True)
    ]


@pytest.fixture
def failing():
    """A receiver that raises after the row was written."""

    def fail(sender, instance, **kwargs):
        raise LookupError("in a receiver")

    for signal in (post_save, post_delete):
        signal.connect(fail, sender=Product, dispatch_uid="tests.fail")
    yield
    for signal in (post_save, post_delete):
        signal.disconnect(sender=Product, dispatch_uid="tests.fail")


# save and delete


def test_receivers_of_a_plain_save_run_inside_a_transaction():
    seen = []

    def look(sender, **kwargs):
        seen.append(connection.in_atomic_block)

    for signal in (pre_save, post_save, post_delete):
        signal.connect(look, sender=Product)
    try:
        product = Product(slug="a", name="a", price=Decimal(1))
        product.save()
        product.delete()
    finally:
        for signal in (pre_save, post_save, post_delete):
            signal.disconnect(look, sender=Product)
    assert seen == [True, True, True]


def test_a_save_whose_receiver_fails_stores_neither_row_nor_event(watched, failing):
    with pytest.raises(LookupError):
        Product.objects.create(slug="new", name="new", price=Decimal(1))
    with pytest.raises(LookupError):
        watched[0].delete()
    assert Product.objects.filter(slug="new").count() == 0
    assert Product.objects.count() == 3
    assert told() == []


# rows that are gone


def stale_copy(product):
    """A loaded instance whose row was deleted meanwhile."""
    stale = Product.objects.get(pk=product.pk)
    Product.objects.get(pk=product.pk).delete()
    return stale


@pytest.mark.parametrize("update_fields", [None, ["name"]])
def test_an_instance_whose_row_was_deleted_is_not_inserted_again(watched, update_fields):
    stale = stale_copy(watched[0])
    Event.objects.all().delete()
    with pytest.raises(RowGone, match=rf"orders.Product {stale.pk} was deleted"):
        stale.save(update_fields=update_fields)
    assert Product.objects.count() == 2
    assert told() == []


def test_an_instance_that_was_created_here_is_not_inserted_again_either(watched):
    created = watched[0]
    Product.objects.get(pk=created.pk).delete()
    with pytest.raises(RowGone):
        created.save()


def test_a_copy_with_a_new_key_is_inserted(watched):
    copy = Product.objects.get(pk=watched[0].pk)
    copy.pk, copy.slug = None, "copy"
    copy.save()
    assert Product.objects.count() == 4


def test_an_instance_whose_first_save_failed_is_inserted_by_the_next(failing):
    product = Product(slug="new", name="new", price=Decimal(1))
    with pytest.raises(LookupError):
        product.save()
    post_save.disconnect(sender=Product, dispatch_uid="tests.fail")
    product.save()
    assert Product.objects.get().pk == product.pk


def test_an_error_of_the_database_is_not_mistaken_for_a_missing_row(watched):
    watched[0].price = Decimal(-1)
    with pytest.raises(IntegrityError):
        watched[0].save()


# Django's own writes


@pytest.fixture
def order():
    """An order, and the fields of each save of one: `order.saves`."""
    teapot = make("teapot")[0]
    Inventory.objects.create(product=teapot, quantity=10)
    ana = User.objects.create_user("ana")
    made = Order.objects.create(product=teapot, ordered_by=ana, quantity=1)
    made.saves = []

    def note(sender, instance, update_fields, **kwargs):
        made.saves.append(set(update_fields))

    post_save.connect(note, sender=Order)
    yield made
    post_save.disconnect(note, sender=Order)


@pytest.mark.parametrize("write", ["add", "set"])
def test_a_reverse_foreign_key_saves_each_row(order, write):
    ben = User.objects.create_user("ben")
    getattr(ben.orders, write)(*([order] if write == "add" else [[order]]))
    assert order.saves == [{"ordered_by"}]
    assert list(ben.orders.all()) == [order]


def test_a_reverse_foreign_key_that_is_emptied_saves_each_row(order):
    order.ordered_by.orders.remove(order)
    assert order.saves == [{"ordered_by"}]
    assert not Order.objects.exclude(ordered_by=None).exists()


def test_a_deletion_that_sets_a_foreign_key_to_null_saves_each_row(order):
    order.ordered_by.delete()
    assert order.saves == [{"ordered_by"}]
    assert Order.objects.get().ordered_by is None


# raw saves


def deserialized(product):
    text = serializers.serialize("json", [product], fields=("slug", "name", "price"))
    (one,) = serializers.deserialize("json", text)
    return one


def test_a_deserialized_object_is_stored_with_its_event(watched):
    Event.objects.all().delete()
    deserialized(watched[0]).save()
    assert told() == ["a"]


@pytest.mark.parametrize(
    "save", [lambda new: deserialized(new).save(), Product.save_base], ids=["fixture", "save_base"]
)
def test_a_raw_save_whose_receiver_fails_stores_neither_row_nor_event(failing, save):
    with pytest.raises(LookupError):
        save(Product(slug="new", name="new", price=Decimal(1)))
    assert not Product.objects.exists()
    assert told() == []


# update


def test_an_update_saves_each_row_and_so_tells_of_each(watched):
    assert Product.objects.filter(slug__in=["a", "c"]).update(price=Decimal(5)) == 2
    assert told() == ["a", "c"]
    prices = Product.objects.order_by("slug").values_list("price", flat=True)
    assert list(prices) == [Decimal(5), Decimal(10), Decimal(5)]


def test_an_update_may_be_an_expression():
    make("a", "b")
    assert Product.objects.update(price=F("price") - 1) == 2
    assert set(Product.objects.values_list("price", flat=True)) == {Decimal(9)}


def test_an_update_takes_a_key_or_an_instance_for_a_relation():
    one, two = make("a", "b")
    inventory = Inventory.objects.create(product=one, quantity=1)
    assert Inventory.objects.filter(pk=inventory.pk).update(product=two) == 1
    assert Inventory.objects.get().product_id == two.pk
    assert Inventory.objects.filter(pk=inventory.pk).update(product=one.pk) == 1
    assert Inventory.objects.filter(pk=inventory.pk).update(product_id=two.pk) == 1
    assert Inventory.objects.get().product_id == two.pk


def test_a_row_that_leaves_the_query_by_its_own_change_is_still_counted():
    make("a", "b", price="10.00")
    assert Product.objects.filter(price=10).update(price=11) == 2
    assert Product.objects.filter(price=10).update(price=12) == 0


def test_an_update_of_which_one_row_fails_changes_none(watched, failing):
    with pytest.raises(LookupError):
        Product.objects.update(price=Decimal(5))
    assert set(Product.objects.values_list("price", flat=True)) == {Decimal(10)}
    assert told() == []


def test_an_update_writes_only_the_named_columns():
    (product,) = make("a")
    with CaptureQueriesContext(connection) as queries:
        Product.objects.filter(pk=product.pk).update(name="new")
    (update,) = [one["sql"] for one in queries if one["sql"].startswith('UPDATE "orders_product"')]
    assert '"name"' in update and '"price"' not in update.split("WHERE")[0]


def test_an_update_that_cannot_be_done_row_by_row_is_refused():
    make("a")
    with pytest.raises(BulkRefused, match="primary keys"):
        Product.objects.annotate(n=Count("orders")).update(price=1)
    with pytest.raises(TypeError, match="slice"):
        Product.objects.all()[:1].update(price=1)
    assert Product.objects.get().price == 10


def test_a_queryset_that_was_read_before_shows_the_update_after_it():
    make("a")
    products = Product.objects.all()
    assert products[0].price == 10 and len(products) == 1
    products.update(price=Decimal(3))
    assert [one.price for one in products] == [Decimal(3)]


# bulk


def test_bulk_create_tells_of_each_row_in_order(watched):
    made = Product.objects.bulk_create(
        Product(slug=slug, name=slug, price=Decimal(1)) for slug in ("x", "y")
    )
    assert told() == ["x", "y"]
    assert all(one.pk is not None for one in made)


@pytest.mark.parametrize("option", ["ignore_conflicts", "update_conflicts"])
def test_bulk_create_that_cannot_tell_what_it_wrote_is_refused(option):
    with pytest.raises(BulkRefused, match=option):
        Product.objects.bulk_create([Product(slug="x", name="x", price=1)], **{option: True})
    assert not Product.objects.exists()


def test_bulk_update_tells_of_each_row(watched):
    for one in watched:
        one.price = Decimal(7)
    assert Product.objects.bulk_update(watched, ["price"]) == 3
    assert told() == ["a", "b", "c"]
    assert set(Product.objects.values_list("price", flat=True)) == {Decimal(7)}


def test_bulk_update_of_no_field_or_of_an_unsaved_row_is_an_error_as_in_django(watched):
    with pytest.raises(ValueError, match="Field names"):
        Product.objects.bulk_update(watched, [])
    with pytest.raises(ValueError, match="primary key"):
        Product.objects.bulk_update([*watched, Product(slug="x")], ["slug"])


def test_deleting_a_query_tells_of_each_row(watched):
    Product.objects.filter(slug__in=["a", "b"]).delete()
    assert sorted(told()) == ["a", "b"]


def test_get_or_create_and_update_or_create_tell_too(watched):
    Product.objects.get_or_create(slug="n", defaults={"name": "n", "price": 1})
    Product.objects.update_or_create(slug="n", defaults={"price": 2})
    assert told() == ["n", "n"]


def test_a_bulk_write_is_undone_with_the_transaction_around_it(watched):
    with pytest.raises(LookupError), transaction.atomic():
        Product.objects.update(price=Decimal(1))
        raise LookupError
    assert told() == []
    assert set(Product.objects.values_list("price", flat=True)) == {Decimal(10)}
