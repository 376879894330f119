"""Pieces leave the stock with an order and come back when it is deleted."""

from collections.abc import Collection
from typing import Any

from django.conf import settings

from orders.errors import AccountGone, BadQuantity, OutOfStock, QuantityFixed
from orders.models import Inventory, Order, OrderNumber, Product, User
from orders.rows import lock_row, writes

ORDERED = ("product_id", "quantity")  # what an order took, and its deletion gives back


def take_or_keep(order: Order, using: str) -> None:
    """Before an order is saved: a new one takes its pieces, a placed one must ask for the same.

    Whether it is new, the database says: a deleted order that is saved again is a new one.
    Raises what `take` and `check_unchanged` raise.
    """
    before = lock_row(order, ORDERED, using)
    if before is None:
        take(order, using)
    else:
        check_unchanged(before, order)


def take(order: Order, using: str) -> None:
    """Take a new order's pieces out of the stock and fill in what the order says of them.

    Raises BadQuantity, AccountGone or OutOfStock. Must run in the transaction that saves the
    order. Rows are locked in one order everywhere: the person, then the stock.
    """
    if type(order.quantity) is not int or order.quantity < 1:
        raise BadQuantity
    if order.ordered_by_id is not None:
        order.buyer_name = _lock_buyer(order.ordered_by_id, using)
    rows = Inventory.objects.using(using).select_for_update(no_key=True)
    inventory = rows.filter(product=order.product_id).first()
    left = inventory.quantity if inventory else 0
    if inventory is None or order.quantity > left:
        raise OutOfStock(asked=order.quantity, left=left)
    if order.unit_price is None:
        order.unit_price = Product.objects.using(using).get(pk=order.product_id).price
    order.unit_price = Order._meta.get_field("unit_price").to_python(order.unit_price)
    order.total = order.unit_price * order.quantity
    order.number = order.number or OrderNumber.next(using)
    inventory.quantity = left - order.quantity
    inventory.save(using=using, update_fields=["quantity"])


def give_back(stored: dict[str, int], using: str) -> None:
    """Put a deleted order's pieces back, where the product still has an inventory."""
    rows = Inventory.objects.using(using).select_for_update(no_key=True)
    inventory = rows.filter(product=stored["product_id"]).first()
    if inventory is not None:
        inventory.quantity += stored["quantity"]
        inventory.save(using=using, update_fields=["quantity"])


def check_unchanged(before: dict[str, int], order: Order) -> None:
    """Raise QuantityFixed where a placed order's product or quantity would change."""
    if before != {"product_id": order.product_id, "quantity": order.quantity}:
        raise QuantityFixed


def facts(order: Order, using: str) -> dict[str, Any]:
    """What events say of an order. A fixture's product may not be there yet."""
    product = Product.objects.using(using).filter(pk=order.product_id).first()
    return {
        "number": order.number,
        "product": order.product_id,
        "name": product.name if product else f"product {order.product_id}",
        "quantity": order.quantity,
        "unit_price": f"{order.unit_price:.2f}",
    }


def lock_pieces(
    inventory: Inventory, using: str, update_fields: Collection[str] | None
) -> int | None:
    """The stored pieces before a save, 0 for a new inventory; None where they stay."""
    if not writes(update_fields, ("quantity",)):
        return None
    row = lock_row(inventory, ("quantity",), using)
    return row["quantity"] if row else 0


def left(product: int, using: str) -> int:
    """The pieces of a product (its key) that are stored now; 0 without an inventory."""
    inventory = Inventory.objects.using(using).filter(product=product).first()
    return inventory.quantity if inventory else 0


def is_low(left: int) -> bool:
    return left <= settings.LOW_STOCK


def _lock_buyer(key: int, using: str) -> str:
    """The buyer's name. The lock keeps the account until the order is committed."""
    rows = User.objects.using(using).select_for_update(no_key=True)
    buyer = rows.filter(pk=key).first()
    if buyer is None:
        raise AccountGone
    return buyer.display_name
