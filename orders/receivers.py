"""The one place that turns the shop's changes into events.

Each receiver runs in the transaction of the change, asks a rule what the change tells, and
publishes that. A project turns one off by its `dispatch_uid` (see docs/signals.md). Fixtures
(`raw=True`) are changes like any other and are told too, with one exception: a fixture brings its
orders and its stock as they are, so loading an order takes nothing. Rows that a raw row points at
may not be there yet, so nothing here relies on them.
"""

from typing import Any

from django import dispatch
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from hub import close_topic, publish_ephemeral, publish_many, receiver
from hub.deliveries import deliver_last
from orders import (
    accounts,
    attempts,
    files,
    placing,
    pricing,
    stock,
    viewing,
    watching,
)
from orders.announcement import announce
from orders.dependants import add_dependant
from orders.models import Inventory, Order, Product, ProductImage, ProductSummary, Profile, User
from orders.signals import product_viewed
from orders.topics import product_page_topic, product_topic

# Orders


@receiver(pre_save, sender=Order, dispatch_uid="orders.take_stock")
def take_stock(sender: Any, instance: Order, raw: bool, using: str, **kwargs: Any) -> None:
    if not raw:
        placing.check(instance, using)


@receiver(post_save, sender=Order, dispatch_uid="orders.tell_order")
def tell_order(sender: Any, instance: Order, created: bool, using: str, **kwargs: Any) -> None:
    if created:
        publish_many(placing.placed(instance, using))


@receiver(post_save, sender=Order, dispatch_uid="orders.reduce_stock")
def reduce_stock(sender: Any, instance: Order, created: bool, using: str, **kwargs: Any) -> None:
    # After the order is stored and told: saving the stock publishes events of its own.
    if created:
        placing.take_pieces(instance, using)


@receiver(pre_delete, sender=Order, dispatch_uid="orders.remember_order")
def remember_order(sender: Any, instance: Order, using: str, **kwargs: Any) -> None:
    placing.remember_pieces(instance, using)


@receiver(post_delete, sender=Order, dispatch_uid="orders.give_stock_back")
def give_stock_back(sender: Any, instance: Order, using: str, **kwargs: Any) -> None:
    placing.give_back_pieces(instance, using)


# Products and their stock


@receiver(pre_save, sender=Product, dispatch_uid="orders.remember_price")
def remember_price(sender: Any, instance: Product, using: str, **save: Any) -> None:
    pricing.remember_price(instance, using, save["update_fields"])


@receiver(post_save, sender=Product, dispatch_uid="orders.tell_product")
def tell_product(sender: Any, instance: Product, created: bool, using: str, **kwargs: Any) -> None:
    announce(pricing.change(instance, created, using))


@receiver(post_save, sender=Product, dispatch_uid="orders.add_summary")
def add_summary(sender: Any, instance: Product, created: bool, raw: bool, **kwargs: Any) -> None:
    if created:
        add_dependant(ProductSummary, {"product_id": instance.pk}, raw, kwargs["using"])


@receiver(pre_delete, sender=Product, dispatch_uid="orders.release_watchers")
def release_watchers(sender: Any, instance: Product, **kwargs: Any) -> None:
    # One event, however many watch it. Their rows go with the product, without a signal.
    for topic in (product_topic(instance.pk), product_page_topic(instance.pk)):
        close_topic(topic)


@receiver(pre_save, sender=Inventory, dispatch_uid="orders.remember_stock")
def remember_stock(sender: Any, instance: Inventory, using: str, **save: Any) -> None:
    stock.remember_pieces(instance, using, save["update_fields"])


@receiver(post_save, sender=Inventory, dispatch_uid="orders.tell_stock")
def tell_stock(sender: Any, instance: Inventory, created: bool, using: str, **kwargs: Any) -> None:
    announce(stock.change(instance, created, using))


@receiver(pre_delete, sender=Inventory, dispatch_uid="orders.remember_stock_gone")
def remember_stock_gone(sender: Any, instance: Inventory, using: str, **kwargs: Any) -> None:
    stock.remember_removed(instance, using)


@receiver(post_delete, sender=Inventory, dispatch_uid="orders.tell_stock_gone")
def tell_stock_gone(
    sender: Any, instance: Inventory, using: str, origin: Any, **kwargs: Any
) -> None:
    announce(stock.removal(instance, using, origin))


# Pictures


@receiver(pre_save, sender=ProductImage, dispatch_uid="orders.release_replaced_file")
def release_replaced_file(sender: Any, instance: ProductImage, using: str, **save: Any) -> None:
    files.release_replaced(instance, using, save["update_fields"])


@receiver(pre_delete, sender=ProductImage, dispatch_uid="orders.release_file")
def release_file(sender: Any, instance: ProductImage, using: str, **kwargs: Any) -> None:
    files.release_stored(instance, using)


# Views

view_counts = viewing.Counts(
    lambda product, count: publish_ephemeral(*viewing.told(product, count))
)


@receiver(product_viewed, dispatch_uid="orders.record_view")
def record_view(
    sender: Any, product: Product, person: Any = None, session: str = "", **kwargs: Any
) -> None:
    if viewing.record(product, person, session):
        key = product.pk
        transaction.on_commit(lambda: view_counts.add(key))


# Watch lists


@receiver(m2m_changed, sender=Product.watchers.through, dispatch_uid="orders.follow_watchers")
def follow_watchers(sender: Any, **change: Any) -> None:
    announce(watching.change(sender, **change))


# Users


@receiver(pre_save, sender=User, dispatch_uid="orders.remember_account")
def remember_account(sender: Any, instance: User, raw: bool, using: str, **save: Any) -> None:
    accounts.remember_account(instance, using, save["update_fields"])
    if not raw:
        accounts.check_email(instance, using, save["update_fields"])


@receiver(post_save, sender=User, dispatch_uid="orders.tell_account")
def tell_account(sender: Any, instance: User, created: bool, raw: bool, **save: Any) -> None:
    using, update_fields = save["using"], save["update_fields"]
    announce(accounts.change(instance, created, using, update_fields, raw=raw))


@receiver(post_save, sender=User, dispatch_uid="orders.add_profile")
def add_profile(sender: Any, instance: User, created: bool, raw: bool, **kwargs: Any) -> None:
    if created:
        add_dependant(Profile, {"user_id": instance.pk}, raw, kwargs["using"])


@receiver(pre_delete, sender=User, dispatch_uid="orders.remember_account_gone")
def remember_account_gone(sender: Any, instance: User, using: str, **kwargs: Any) -> None:
    accounts.remember_removed(instance, using)


@receiver(pre_delete, sender=User, dispatch_uid="orders.confirm_deletion")
def confirm_deletion(sender: Any, instance: User, using: str, **kwargs: Any) -> None:
    # Now, while the address is still there.
    if (last := accounts.last_email(instance, using)) is not None:
        deliver_last(*last)


@receiver(post_delete, sender=User, dispatch_uid="orders.tell_account_deleted")
def tell_account_deleted(sender: Any, instance: User, **kwargs: Any) -> None:
    announce(accounts.deletion(instance))


@dispatch.receiver(user_logged_in, dispatch_uid="orders.forget_attempt")
def forget_attempt(sender: Any, request: Any, **kwargs: Any) -> None:
    attempts.forget(getattr(request, "password_attempt", None))
