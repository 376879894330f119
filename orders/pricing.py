"""The price of a product, and what a new or changed product tells."""

from collections.abc import Collection
from typing import Any

from orders import stock
from orders.announcement import NOTHING, Addressed, Announcement
from orders.events import PriceDropped, ProductCreated
from orders.models import Product
from orders.rows import lock_row, read_row, recall, remember, writes
from orders.thumbnails import picture_path
from orders.topics import NEWS, product_topic


def remember_price(product: Product, using: str, update_fields: Collection[str] | None) -> None:
    """Before a save that may write the price.

    Views have been added up since the instance was read: a whole save must not undo that.
    """
    before = None
    if writes(update_fields, ("price",)):
        before = lock_row(product, ("price", "view_count"), using)
    if before is not None and update_fields is None:
        product.view_count = before["view_count"]
    remember(product, before)


def change(product: Product, created: bool, using: str) -> Announcement:
    """What a saved product tells: that it is new, or that its price changed."""
    before = recall(product)
    if not created and before is None:
        return NOTHING
    row = read_row(product, ("name", "slug", "price", "inventory__quantity"), using)
    facts: dict[str, Any] = {"product": product.pk, "name": row["name"], "slug": row["slug"]}
    if created:
        return Announcement([(ProductCreated(**facts), NEWS)])
    old, new = before["price"], row["price"]
    if new == old:
        return NOTHING
    events: list[Addressed] = []
    if new < old:
        facts["picture"] = picture_path(product.pk, using)
        dropped = PriceDropped(**facts, old_price=str(old), new_price=str(new))
        events.append((dropped, product_topic(product.pk)))
    return Announcement(
        events, pages=[stock.page_event(product.pk, new, row["inventory__quantity"])]
    )
