"""The pieces of a product: how they are taken, and what their number tells."""

from collections.abc import Collection
from typing import Any

from django.conf import settings

from orders.announcement import NOTHING, Addressed, Announcement
from orders.errors import OutOfStock
from orders.events import BackInStock, ProductChanged, StockLow
from orders.models import Inventory, Product
from orders.rows import lock_row, recall, remember, writes
from orders.thumbnails import picture_path
from orders.topics import STAFF, product_page_topic, product_topic


def reserve(product: int, pieces: int, using: str) -> Inventory:
    """The locked inventory of a product (its key) that has that many pieces, else OutOfStock."""
    inventory = _locked(product, using)
    left = inventory.quantity if inventory else 0
    if inventory is None or pieces > left:
        raise OutOfStock(asked=pieces, left=left)
    return inventory


def add(product: int, pieces: int, using: str) -> None:
    """Add pieces to a product's inventory, where it has one."""
    inventory = _locked(product, using)
    if inventory is not None:
        inventory.quantity += pieces
        inventory.save(using=using, update_fields=["quantity"])


def remember_pieces(
    inventory: Inventory, using: str, update_fields: Collection[str] | None
) -> None:
    """Before a save that may write the quantity; a new inventory had no pieces before."""
    row = None
    if writes(update_fields, ("quantity",)):
        row = lock_row(inventory, ("quantity",), using) or {"quantity": 0}
    remember(inventory, row)


def remember_removed(inventory: Inventory, using: str) -> None:
    """Before a deletion, which Django also announces of a row that is gone already."""
    remember(inventory, lock_row(inventory, ("quantity",), using))


def change(inventory: Inventory, created: bool, using: str) -> Announcement:
    """What a saved inventory tells."""
    before = recall(inventory)
    if before is None:
        return NOTHING
    return _difference(inventory.product_id, before["quantity"], using, is_first=created)


def removal(inventory: Inventory, using: str, origin: Any) -> Announcement:
    """What a deleted inventory tells. `origin` is what the deletion began with."""
    before = recall(inventory)
    deleted = getattr(origin, "model", type(origin))  # of a queryset, or of an instance
    is_with_product = issubclass(deleted, Product)
    if before is None or is_with_product:
        return NOTHING
    return _difference(inventory.product_id, before["quantity"], using)


def page_event(product: int, price: Any, left: int | None) -> Addressed:
    """What the open pages of a product show from now on."""
    event = ProductChanged(product=product, price=str(price), stock=left or 0)
    return event, product_page_topic(product)


def _difference(product: int, before: int, using: str, is_first: bool = False) -> Announcement:
    """`is_first`: a product's first pieces are not back, unless somebody has waited for them."""
    rows = Product.objects.using(using).filter(pk=product)
    row = rows.values("name", "slug", "price", "inventory__quantity").first()
    if row is None:
        return NOTHING  # a product that is not there has no watchers and no page
    after = row["inventory__quantity"] or 0
    if before == after:
        return NOTHING
    facts: dict[str, Any] = {"product": product, "name": row["name"], "slug": row["slug"]}
    events: list[Addressed] = []
    if before == 0 and (not is_first or rows.filter(watchers__isnull=False).exists()):
        picture = picture_path(product, using)
        events.append((BackInStock(**facts, picture=picture), product_topic(product)))
    if after <= settings.LOW_STOCK < before:
        events.append((StockLow(**facts, left=after), STAFF))
    return Announcement(events, pages=[page_event(product, row["price"], after)])


def _locked(product: int, using: str) -> Inventory | None:
    rows = Inventory.objects.using(using).select_for_update(no_key=True)
    return rows.filter(product=product).first()
