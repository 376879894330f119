"""Placing and deleting an order: what is refused, what it takes from the stock, and who is told."""

from typing import Any, NamedTuple

from django.db import router, transaction

from hub.topics import user_topic
from orders import stock
from orders.announcement import Addressed
from orders.errors import AccountGone, BadQuantity, QuantityFixed
from orders.events import OrderPlaced, OrderReceived
from orders.models import Order, OrderNumber, Product, User
from orders.rows import lock_row, recall, remember
from orders.thumbnails import picture_path
from orders.topics import STAFF

ORDERED = ("product_id", "quantity")  # what an order took, and its deletion gives back


class Placed(NamedTuple):
    """An order, and whether it was placed just now or by an earlier request of the same token."""

    order: Order
    is_new: bool


def place(product: Product, user: User, quantity: int, token: str | None = None) -> Placed:
    """Place an order, once per user and token.

    `token` names the request, in at most 32 characters: a repeated request gets the order that the
    first one placed, whatever else it asks for. Raises what saving an order raises.
    """
    using = router.db_for_write(Order)
    with transaction.atomic(using=using):
        if token is not None:
            # A second request waits here until the first one is committed.
            _lock_buyer(user.pk, using)
            earlier = Order.objects.using(using).filter(ordered_by=user, token=token).first()
            if earlier is not None:
                return Placed(earlier, is_new=False)
        order = Order(product=product, ordered_by=user, quantity=quantity, token=token)
        order.save(using=using)
    return Placed(order, is_new=True)


def check(order: Order, using: str) -> None:
    """Before an order is saved: complete a new one, leave a placed one as it was ordered.

    The database decides whether it is new: a deleted order that is saved again is a new one.
    Raises BadQuantity, AccountGone or OutOfStock for a new order, QuantityFixed for a placed one.
    """
    remember(order, None)
    before = lock_row(order, ORDERED, using)
    if before is None:
        _complete(order, using)
    elif before != {"product_id": order.product_id, "quantity": order.quantity}:
        raise QuantityFixed


def _complete(order: Order, using: str) -> None:
    """Fill in what a new order says of itself. Its pieces stay locked until they are taken.

    Rows are locked in one order everywhere: the user, then the stock.
    """
    if type(order.quantity) is not int or order.quantity < 1:
        raise BadQuantity
    if order.ordered_by_id is not None:
        order.buyer_name = _lock_buyer(order.ordered_by_id, using)
    remember(order, stock.reserve(order.product_id, order.quantity, using))
    if order.unit_price is None:
        order.unit_price = Product.objects.using(using).get(pk=order.product_id).price
    order.unit_price = Order._meta.get_field("unit_price").to_python(order.unit_price)
    order.total = order.unit_price * order.quantity
    order.number = order.number or OrderNumber.next(using)


def take_pieces(order: Order, using: str) -> None:
    """After a new order was saved: take what `check` has reserved for it."""
    reserved = recall(order)
    if reserved is not None:
        reserved.quantity -= order.quantity
        reserved.save(using=using, update_fields=["quantity"])


def remember_pieces(order: Order, using: str) -> None:
    """Before a deletion: the instance may be stale, or its row may be gone already."""
    remember(order, lock_row(order, ORDERED, using))


def give_back_pieces(order: Order, using: str) -> None:
    """After a deletion: put the pieces back, where the product still has an inventory.

    Django also announces the deletion of a row that another transaction has deleted.
    """
    stored = recall(order)
    if stored is not None:
        stock.add(stored["product_id"], stored["quantity"], using)


def placed(order: Order, using: str) -> list[Addressed]:
    """What buyer and staff are told of a new order. A fixture's product may not be there yet."""
    product = Product.objects.using(using).filter(pk=order.product_id).first()
    facts: dict[str, Any] = {
        "number": order.number,
        "product": order.product_id,
        "name": product.name if product else f"product {order.product_id}",
        "quantity": order.quantity,
        "unit_price": f"{order.unit_price:.2f}",
        "picture": picture_path(order.product_id, using),
    }
    told: list[Addressed] = [(OrderPlaced(**facts, buyer=order.buyer_name), STAFF)]
    if order.ordered_by_id is not None:
        told.insert(0, (OrderReceived(**facts), user_topic(order.ordered_by_id)))
    return told


def _lock_buyer(key: int, using: str) -> str:
    """The buyer's name. The lock keeps the account until the order is committed."""
    rows = User.objects.using(using).select_for_update(no_key=True)
    buyer = rows.filter(pk=key).first()
    if buyer is None:
        raise AccountGone
    return buyer.display_name
