"""A small shop for tests, and readers of its log."""

import json
import re
from decimal import Decimal
from html import unescape
from typing import Any

from hub.models import Event
from orders.models import Inventory, Product, User


def user(name: str = "ana", **fields: Any) -> User:
    return User.objects.create_user(name, f"{name}@example.com", "demo", **fields)


def product(slug: str = "teapot", price: str = "29.00", pieces: int | None = 40) -> Product:
    made = Product.objects.create(slug=slug, name=slug.capitalize(), price=Decimal(price))
    if pieces is not None:
        Inventory.objects.create(product=made, quantity=pieces)
    return made


def pieces(of: Product) -> int:
    return Inventory.objects.get(product=of).quantity


def forget() -> None:
    """Empty the log."""
    Event.objects.all().delete()


def published() -> list[tuple[str, str]]:
    """(topic, type) of each published event, in order."""
    return list(Event.objects.order_by("pk").values_list("topic", "type"))


def frames(kind: str) -> list[dict[str, Any]]:
    """The whole frames of one type."""
    rows = Event.objects.filter(type=kind).order_by("pk").values_list("frame", flat=True)
    return [json.loads("{" + row) for row in rows]


def data(kind: str) -> list[dict[str, Any]]:
    return [frame["data"] for frame in frames(kind)]


def text(answer: Any) -> str:
    """The text of a page, without tags and in single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", unescape(answer.content.decode())).split())
