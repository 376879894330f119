"""The one place that turns the shop's changes into events.

Each receiver runs in the transaction of the change, and is turned off by its `dispatch_uid` (see
docs/signals.md). Fixtures (`raw=True`) are changes like any other and are told too, with one
exception: a fixture brings its orders and its stock as they are, so loading an order takes
nothing. Rows that a raw row points at may not be there yet, so nothing here relies on them.
"""

from typing import Any

from django import dispatch
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from hub import (
    publish,
    publish_ephemeral,
    receiver,
    revoke,
    session_digest,
    subscribe,
    unsubscribe,
)
from hub.deliveries import deliver_last
from hub.topics import user_topic
from orders import accounts, events, files, membership, pricing, sessions, stock, viewing, watching
from orders.dependants import add_dependant
from orders.models import Inventory, Order, Product, ProductImage, ProductSummary, Profile, User
from orders.rows import lock_row
from orders.signals import product_viewed
from orders.topics import NEWS, STAFF, product_page_topic, product_topic

# Orders


@receiver(pre_save, sender=Order, dispatch_uid="orders.take_stock")
def take_stock(sender: Any, instance: Order, raw: bool, using: str, **kwargs: Any) -> None:
    if not raw:
        stock.take_or_keep(instance, using)


@receiver(post_save, sender=Order, dispatch_uid="orders.tell_order")
def tell_order(sender: Any, instance: Order, created: bool, using: str, **kwargs: Any) -> None:
    if not created:
        return
    facts = stock.facts(instance, using)
    if instance.ordered_by_id is not None:
        publish(events.OrderReceived(**facts), user_topic(instance.ordered_by_id))
    publish(events.OrderPlaced(**facts, buyer=instance.buyer_name), STAFF)


@receiver(pre_delete, sender=Order, dispatch_uid="orders.remember_order")
def remember_order(sender: Any, instance: Order, using: str, **kwargs: Any) -> None:
    instance._stored = lock_row(instance, stock.ORDERED, using)


@receiver(post_delete, sender=Order, dispatch_uid="orders.give_stock_back")
def give_stock_back(sender: Any, instance: Order, using: str, **kwargs: Any) -> None:
    # Django announces the deletion of a row that another transaction has deleted, too.
    stored = getattr(instance, "_stored", None)
    if stored is not None:
        stock.give_back(stored, using)


# Products and their stock


@receiver(pre_save, sender=Product, dispatch_uid="orders.remember_price")
def remember_price(sender: Any, instance: Product, using: str, **save: Any) -> None:
    instance._price_before = pricing.lock_price(instance, using, save["update_fields"])


@receiver(post_save, sender=Product, dispatch_uid="orders.tell_product")
def tell_product(sender: Any, instance: Product, created: bool, using: str, **kwargs: Any) -> None:
    before = getattr(instance, "_price_before", None)
    if not created and before is None:
        return
    facts, price = pricing.facts(instance, using)
    if created:
        publish(events.ProductCreated(**facts), NEWS)
    elif price != before:
        if price < before:
            prices = {"old_price": str(before), "new_price": str(price)}
            publish(events.PriceDropped(**facts, **prices), product_topic(instance.pk))
        _tell_pages(instance.pk, str(price), stock.left(instance.pk, using))


@receiver(pre_delete, sender=Product, dispatch_uid="orders.release_watchers")
def release_watchers(sender: Any, instance: Product, **kwargs: Any) -> None:
    instance.watchers.clear()  # the rows would go without a signal, the subscriptions would stay


@receiver(pre_save, sender=Inventory, dispatch_uid="orders.remember_stock")
def remember_stock(sender: Any, instance: Inventory, using: str, **save: Any) -> None:
    instance._stock_before = stock.lock_pieces(instance, using, save["update_fields"])


@receiver(post_save, sender=Inventory, dispatch_uid="orders.tell_stock")
def tell_stock(sender: Any, instance: Inventory, created: bool, using: str, **kwargs: Any) -> None:
    before = getattr(instance, "_stock_before", None)
    if before is not None:
        _tell_stock(instance.product_id, before, using, is_first=created)


@receiver(pre_delete, sender=Inventory, dispatch_uid="orders.remember_stock_gone")
def remember_stock_gone(sender: Any, instance: Inventory, using: str, **kwargs: Any) -> None:
    instance._stored = lock_row(instance, ("quantity",), using)


@receiver(post_delete, sender=Inventory, dispatch_uid="orders.tell_stock_gone")
def tell_stock_gone(
    sender: Any, instance: Inventory, using: str, origin: Any, **kwargs: Any
) -> None:
    if isinstance(origin, Product) or getattr(origin, "model", None) is Product:
        return  # the product itself goes; its row is only still there
    stored = getattr(instance, "_stored", None)
    if stored is not None:
        _tell_stock(instance.product_id, stored["quantity"], using)


def _tell_stock(product_id: int, before: int, using: str, is_first: bool = False) -> None:
    """`is_first`: a product's first pieces are not back, unless somebody has waited for them."""
    after = stock.left(product_id, using)
    product = Product.objects.using(using).filter(pk=product_id).first()
    if product is None or before == after:
        return  # a product that is not there has no watchers and no page
    facts = {"product": product.pk, "name": product.name, "slug": product.slug}
    if before == 0 and (not is_first or product.watchers.exists()):
        publish(events.BackInStock(**facts), product_topic(product.pk))
    if stock.is_low(after) and not stock.is_low(before):
        publish(events.StockLow(**facts, left=after), STAFF)
    _tell_pages(product.pk, str(product.price), after)


def _tell_pages(product_id: int, price: str, left: int) -> None:
    event = events.ProductChanged(product=product_id, price=price, stock=left)
    publish_ephemeral(event, product_page_topic(product_id))


@receiver(post_save, sender=Product, dispatch_uid="orders.add_summary")
def add_summary(sender: Any, instance: Product, created: bool, raw: bool, **kwargs: Any) -> None:
    if created:
        add_dependant(ProductSummary, {"product_id": instance.pk}, raw, kwargs["using"])


# Pictures


@receiver(pre_save, sender=ProductImage, dispatch_uid="orders.release_replaced_file")
def release_replaced_file(sender: Any, instance: ProductImage, using: str, **save: Any) -> None:
    files.release_replaced(instance, using, save["update_fields"])


@receiver(pre_delete, sender=ProductImage, dispatch_uid="orders.release_file")
def release_file(sender: Any, instance: ProductImage, using: str, **kwargs: Any) -> None:
    files.release_stored(instance, using)


# Views


def _tell_count(product_id: int, count: int) -> None:
    event = events.ProductViewed(product=product_id, count=count)
    publish_ephemeral(event, product_page_topic(product_id))


view_counts = viewing.Counts(_tell_count)


@receiver(product_viewed, dispatch_uid="orders.record_view")
def record_view(
    sender: Any, product: Product, person: Any = None, session: str = "", **kwargs: Any
) -> None:
    if viewing.record(product, person, session):
        key = product.pk
        transaction.on_commit(lambda: view_counts.add(key))


# Watching


@receiver(m2m_changed, sender=Product.watchers.through, dispatch_uid="orders.follow_watchers")
def follow_watchers(sender: Any, **change: Any) -> None:
    """Subscriptions follow the watch list, whichever side it is changed from."""
    watching.check_change(**change)
    for person, product in watching.added(**change):
        subscribe(person, product_topic(product))
    for person, product in watching.removed(sender, **change):
        unsubscribe(person, product_topic(product))


# People


@receiver(pre_save, sender=User, dispatch_uid="orders.remember_account")
def remember_account(sender: Any, instance: User, raw: bool, using: str, **save: Any) -> None:
    instance._account_before = accounts.lock_account(instance, using, save["update_fields"])
    if not raw:
        accounts.check_email(instance, using, save["update_fields"])


@receiver(post_save, sender=User, dispatch_uid="orders.tell_account")
def tell_account(sender: Any, instance: User, created: bool, using: str, **kwargs: Any) -> None:
    person = instance.pk
    facts = {"user": person, "name": instance.display_name}
    before = getattr(instance, "_account_before", None)
    if created:
        publish(events.AccountWelcome(**facts), user_topic(person))
        if instance.is_staff:
            subscribe(person, STAFF)
        if instance.wants_news:
            subscribe(person, NEWS)
    elif before is not None:
        changed = accounts.changes(instance, before, using)
        # The revocations last: what comes after them does not reach the person.
        if changed.keys() & set(accounts.ACCOUNT_FIELDS):
            publish(events.AccountUpdated(**facts), user_topic(person))
        if "wants_news" in changed:
            (subscribe if changed["wants_news"] else unsubscribe)(person, NEWS)
        if "is_staff" in changed:
            (subscribe if changed["is_staff"] else unsubscribe)(person, STAFF)
            if not changed["is_staff"]:
                revoke(person, "staff")
        if "is_superuser" in changed:
            revoke(person, "permissions")
        if "password" in changed:
            revoke(person, "password")
        if changed.get("is_active") is False:
            revoke(person, "deactivated")


@receiver(pre_delete, sender=User, dispatch_uid="orders.end_sessions")
def end_sessions(sender: Any, instance: User, using: str, **kwargs: Any) -> None:
    instance._stored = lock_row(instance, ("pk",), using)
    sessions.end_sessions(instance, using)


@receiver(pre_delete, sender=User, dispatch_uid="orders.confirm_deletion")
def confirm_deletion(sender: Any, instance: User, using: str, **kwargs: Any) -> None:
    """By mail, while the address is still there: the instance may hold an old one."""
    stored = User.objects.using(using).filter(pk=instance.pk).first()
    if stored is not None:
        deliver_last(events.AccountDeleted(user=stored.pk, name=stored.display_name), stored)


@receiver(post_delete, sender=User, dispatch_uid="orders.tell_account_deleted")
def tell_account_deleted(sender: Any, instance: User, **kwargs: Any) -> None:
    if getattr(instance, "_stored", None) is None:
        return  # it was deleted, and told, elsewhere
    facts = {"user": instance.pk, "name": instance.display_name}
    publish(events.AccountDeleted(**facts), user_topic(instance.pk))
    publish(events.CustomerDeleted(**facts), STAFF)
    revoke(instance.pk, "deleted")


# Not `hub.receiver`, which would ask for an atomic `save()`: saving a session publishes nothing,
# and Django deletes in a transaction.
@dispatch.receiver(post_save, sender=Session, dispatch_uid="orders.remember_session")
def remember_session(sender: Any, instance: Session, raw: bool, using: str, **kwargs: Any) -> None:
    if not raw:
        sessions.remember_owner(instance, using)


@dispatch.receiver(pre_delete, sender=Session, dispatch_uid="orders.revoke_session")
def revoke_session(sender: Any, instance: Session, using: str, **kwargs: Any) -> None:
    """However it ends: a log-in as somebody else replaces it without announcing a log-out."""
    person = sessions.owner(instance, using)
    if person is not None:
        revoke(person, "logout", session_digest(instance.session_key))


@receiver(post_save, sender=User, dispatch_uid="orders.add_profile")
def add_profile(sender: Any, instance: User, created: bool, raw: bool, **kwargs: Any) -> None:
    if created:
        add_dependant(Profile, {"user_id": instance.pk}, raw, kwargs["using"])


# Groups and permissions: whoever they concern is checked again, topic by topic, by the policy.
# Gained rights count, too: a policy may refuse what a group stands for.


@receiver(m2m_changed, sender=User.groups.through, dispatch_uid="orders.recheck_members")
@receiver(
    m2m_changed, sender=User.user_permissions.through, dispatch_uid="orders.recheck_permitted"
)
def recheck_people(sender: Any, **change: Any) -> None:
    _recheck(membership.touched(sender, "user_id", **change))


@receiver(m2m_changed, sender=Group.permissions.through, dispatch_uid="orders.recheck_groups")
def recheck_groups(sender: Any, using: str, **change: Any) -> None:
    groups = membership.touched(sender, "group_id", using=using, **change)
    _recheck(membership.members(groups, using))


@dispatch.receiver(pre_delete, sender=Group, dispatch_uid="orders.recheck_group_members")
@dispatch.receiver(pre_delete, sender=Permission, dispatch_uid="orders.recheck_holders")
def recheck_holders(sender: Any, instance: Any, using: str, **kwargs: Any) -> None:
    _recheck(membership.holders(instance, using))


def _recheck(people: set[int]) -> None:
    for person in sorted(people):
        revoke(person, "permissions")
