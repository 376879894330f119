"""Proxies and children of the shop's models publish like the models themselves."""

from collections.abc import Iterator

import pytest
from django.db import connection, models
from django.test.utils import isolate_apps

from orders.models import Product, ProductSummary, User
from tests.orders.shop import data, forget, product, published, user

pytestmark = pytest.mark.django_db(transaction=True)

# In a registry of their own: for other tests these models do not exist.
with isolate_apps("orders"):

    class SaleProduct(Product):
        class Meta:
            proxy = True
            app_label = "orders"

    class Clerk(User):
        class Meta:
            proxy = True
            app_label = "orders"

    class Book(Product):
        isbn = models.CharField(max_length=13, blank=True)

        class Meta:
            app_label = "orders"


@pytest.fixture
def books() -> Iterator[None]:
    with connection.schema_editor() as editor:
        editor.create_model(Book)
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(Book)


def test_a_price_drop_of_a_proxy_is_published():
    teapot = SaleProduct.objects.get(pk=product().pk)
    forget()
    teapot.price = "24.00"
    teapot.save()
    SaleProduct.objects.update(price="20.00")
    assert published() == [(f"product.{teapot.pk}", "product.price_dropped")] * 2


def test_deleting_a_proxy_ends_its_subscriptions():
    teapot = product()
    teapot.watchers.add(user())
    forget()
    SaleProduct.objects.get().delete()
    topic = f"product.{teapot.pk}"
    assert published() == [(topic, "topic.closed"), (f"{topic}.page", "topic.closed")]


def test_a_user_deactivated_and_deleted_by_proxy_loses_all_rights():
    clerk = Clerk.objects.get(pk=user().pk)
    clerk.is_active = False
    clerk.save()
    clerk.delete()
    assert [one["reason"] for one in data("rights.revoked")] == ["deactivated", "deleted"]
    assert len(data("account.deleted")) == 2


def test_a_child_with_a_table_of_its_own_is_published_like_its_parent(books):
    book = Book.objects.create(name="Tea", slug="tea", price="12.00")
    assert [one["slug"] for one in data("product.created")] == ["tea"]
    assert ProductSummary.objects.count() == 1
    Book.objects.update(price="10.00")
    assert [one["new_price"] for one in data("product.price_dropped")] == ["10.00"]
    book.watchers.add(user())
    forget()
    Book.objects.get().delete()
    assert [kind for _, kind in published()] == ["topic.closed", "topic.closed"]
