"""The shop's HTTP API: products are public, orders are for the users who placed them."""

import datetime
import hashlib
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Header, Path, Query, Router, Schema, Status
from pydantic import Field, StrictInt

from hub.api import ApiError, errors
from orders.errors import AccountGone, BadQuantity, OutOfStock, Refused
from orders.models import Order, Product
from orders.placing import place

KEY_KEPT = datetime.timedelta(hours=24)  # how long a repeated Idempotency-Key is recognized
MOST_PIECES = 2**31 - 1  # the database's integer

Slug = Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]+$", max_length=80)]
Number = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{6,11}$")]
Limit = Annotated[int, Query(ge=1, le=100)]
IdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)
]

# The status of each refusal; others are 422.
STATUSES: dict[type[Refused], int] = {OutOfStock: 409, AccountGone: 401, BadQuantity: 422}


class ProductOut(Schema):
    """`price` is in EUR, `stock` in pieces."""

    id: int
    slug: str
    name: str
    description: str
    price: Decimal
    stock: int
    url: str
    image: str | None


class Products(Schema):
    """`next` is the `after` of the page that follows."""

    items: list[ProductOut]
    next: int | None


class OrderIn(Schema):
    product: Slug
    quantity: Annotated[StrictInt, Field(ge=1, le=MOST_PIECES)]


class OrderOut(Schema):
    """Prices are in EUR."""

    number: str
    product: str
    name: str
    quantity: int
    unit_price: Decimal
    total: Decimal
    created_at: str
    url: str


class Orders(Schema):
    """Newest first. `next` is the `before` of the page that follows."""

    items: list[OrderOut]
    next: str | None


products = Router(tags=["products"])
orders = Router(tags=["orders"])


@products.get("", response={200: Products, **errors(422)}, auth=None, throttle=[])
def list_products(
    request: HttpRequest,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Limit = 20,
) -> dict[str, Any]:
    """The products, oldest first."""
    rows = _products().filter(pk__gt=after).order_by("pk")
    found = list(rows[: limit + 1])
    more = len(found) > limit
    items = found[:limit]
    return {"items": [_product(one) for one in items], "next": items[-1].pk if more else None}


@products.get("/{slug}", response={200: ProductOut, **errors(404, 422)}, auth=None, throttle=[])
def read_product(request: HttpRequest, slug: Path[Slug]) -> dict[str, Any]:
    """One product."""
    return _product(get_object_or_404(_products(), slug=slug))


@orders.get("", response={200: Orders, **errors(401, 404, 422, 429)})
def list_orders(
    request: HttpRequest, before: Annotated[Number | None, Query()] = None, limit: Limit = 20
) -> dict[str, Any]:
    """The orders of the signed-in user. `before` is the number of one of them."""
    mine = Order.objects.filter(ordered_by=request.user).select_related("product")
    rows = mine.order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=get_object_or_404(mine, number=before).pk)
    found = list(rows[: limit + 1])
    more = len(found) > limit
    items = found[:limit]
    return {"items": [_order(one) for one in items], "next": items[-1].number if more else None}


@orders.post("", response={201: OrderOut, **errors(400, 401, 403, 404, 409, 422, 429)})
def place_order(
    request: HttpRequest, body: OrderIn, idempotency_key: IdempotencyKey = None
) -> Status[dict[str, Any]]:
    """Place an order. A refusal changes nothing.

    A request that repeats an `Idempotency-Key` within 24 hours places no second order: it gets the
    order of the first request, for which it waits. With another body it is refused (422).
    """
    product = get_object_or_404(Product, slug=body.product)
    token = None if idempotency_key is None else _token(request, idempotency_key)
    try:
        order, is_new = place(product, request.user, body.quantity, token)
    except Refused as refused:
        status = STATUSES.get(type(refused), 422)
        raise ApiError(status, refused.messages[0], getattr(refused, "code", None)) from refused
    if not is_new and (order.product_id, order.quantity) != (product.pk, body.quantity):
        text = "This Idempotency-Key belongs to another request. Use a new key for a new order."
        raise ApiError(422, text, "idempotency_key_reused")
    return Status(201, _order(order))


@orders.get("/{number}", response={200: OrderOut, **errors(401, 404, 422, 429)})
def read_order(request: HttpRequest, number: Path[Number]) -> dict[str, Any]:
    """One order, for its buyer and for staff only."""
    visible = Order.objects.select_related("product")
    if not request.user.is_staff:
        visible = visible.filter(ordered_by=request.user)
    return _order(get_object_or_404(visible, number=number))


def _token(request: HttpRequest, key: str) -> str:
    """The token of this user's orders with this key; orders that are too old lose it."""
    token = hashlib.sha256(f"POST /api/orders {key}".encode()).hexdigest()[:32]
    orders = Order.objects.filter(ordered_by=request.user, token=token)
    orders.filter(created_at__lte=timezone.now() - KEY_KEPT).update(token=None)
    return token


def _products() -> Any:
    return Product.objects.select_related("inventory").prefetch_related("images")


def _product(product: Product) -> dict[str, Any]:
    cover = product.cover
    return {
        "id": product.pk,
        "slug": product.slug,
        "name": product.name,
        "description": product.description,
        "price": product.price,
        "stock": product.stock,
        "url": product.get_absolute_url(),
        "image": cover.image.url if cover and cover.image else None,
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "product": order.product.slug,
        "name": order.product.name,
        "quantity": order.quantity,
        "unit_price": order.unit_price,
        "total": order.total,
        "created_at": order.created_at.isoformat(),
        "url": order.get_absolute_url(),
    }
