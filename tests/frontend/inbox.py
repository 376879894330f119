"""What tests of the inbox's pages do."""

import re

from django.db import transaction

from hub import publish_many
from orders.events import OrderReceived, PriceDropped
from tests.numbering import drain


def receive(user, *numbers):
    """Publish that orders were received; the positions."""
    with transaction.atomic():
        publish_many(
            (
                OrderReceived(
                    number=f"2026-{n:06}", product=1, name="Teapot", quantity=n, unit_price="29.00"
                ),
                f"user.{user.pk}",
            )
            for n in numbers
        )
    return [row.position for row in drain().rows if row.type == OrderReceived.type]


def shown(answer) -> list[int]:
    return [int(found) for found in re.findall(r'id="event-(\d+)"', answer.content.decode())]


def drop_prices(user, *prices):
    """Publish to a user that the price of one product fell again and again; the positions."""
    product = {"product": 1, "slug": "teapot", "name": "Teapot"}
    with transaction.atomic():
        publish_many(
            (PriceDropped(**product, old_price="99.00", new_price=price), f"user.{user.pk}")
            for price in prices
        )
    return [row.position for row in drain().rows if row.type == PriceDropped.type]
