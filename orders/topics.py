"""The shop's topics, and the policy that says which user may subscribe to which."""

import re
from collections.abc import Collection
from typing import Any

from hub import Policy
from hub.metrics import TOPIC as METRICS
from hub.topics import user_topic
from orders.models import Product

NEWS = "news"
STAFF = "staff"

_PRODUCT = re.compile(r"product\.([1-9][0-9]{0,17})(\.page)?")  # fits the database's integer


def product_topic(pk: int) -> str:
    """The topic of a product, for the users who watch it."""
    return f"product.{pk}"


def product_page_topic(pk: int) -> str:
    """The topic of a product's open pages."""
    return f"product.{pk}.page"


class ShopPolicy(Policy):
    """Products and news are public, a user's topic is their own, the rest is for staff."""

    def refusals(self, user: Any, topics: Collection[str]) -> dict[str, str]:
        if user is not None and not user.is_active:
            return dict.fromkeys(topics, "forbidden")
        refused = {}
        products = {}
        for topic in topics:
            product = _PRODUCT.fullmatch(topic)
            if product:
                products[topic] = int(product[1])
            elif topic.startswith("product."):
                refused[topic] = "unknown_topic"
            elif not self._is_allowed(user, topic):
                refused[topic] = "forbidden"
        existing = self._existing(set(products.values()))
        refused |= {topic: "unknown_topic" for topic, pk in products.items() if pk not in existing}
        return refused

    def _is_allowed(self, user: Any, topic: str) -> bool:
        if topic == NEWS:
            return True
        if user is None:
            return False
        if topic in (STAFF, METRICS):
            return user.is_staff
        return topic == user_topic(user.pk)

    def _existing(self, keys: set[int]) -> set[int]:
        if not keys:
            return set()
        return set(Product.objects.filter(pk__in=keys).values_list("pk", flat=True))
