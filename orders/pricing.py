"""What a product costs before and after it is saved."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from orders.models import Product
from orders.rows import lock_row, read_row, writes


def lock_price(
    product: Product, using: str, update_fields: Collection[str] | None
) -> Decimal | None:
    """The stored price before a save; None for a new product, and where the price stays.

    Views have been added up since the instance was read: a whole save must not undo that.
    """
    if not writes(update_fields, ("price",)):
        return None
    before = lock_row(product, ("price", "view_count"), using)
    if before is None:
        return None
    if update_fields is None:
        product.view_count = before["view_count"]
    return before["price"]


def facts(product: Product, using: str) -> tuple[dict[str, Any], Decimal]:
    """What events say of the product, and its price, both as they are stored now."""
    row = read_row(product, ("name", "slug", "price"), using)
    return {"product": product.pk, "name": row["name"], "slug": row["slug"]}, row["price"]
