"""The shop's topics, and the policy that says which user may subscribe to which."""

import re
from collections.abc import Collection, Sequence
from typing import Any

from hub import Policy
from hub.metrics import TOPIC as METRICS
from hub.topics import user_topic
from orders.models import Product

NEWS = "news"
STAFF = "staff"
# In the order in which the preferences list them.
OFFERED = (
    "order.received",
    "product.price_dropped",
    "product.back_in_stock",
    "product.created",
    "account.welcome",
    "account.updated",
    "account.deleted",
)
OFFERED_TO_STAFF = ("order.placed", "stock.low")

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
        return self._refused(user, topics, self._existing(topics))

    def refusals_many(self, wanted: Sequence[tuple[Any, Collection[str]]]) -> list[dict[str, str]]:
        existing = self._existing({topic for _, topics in wanted for topic in topics})
        return [self._refused(user, topics, existing) for user, topics in wanted]

    def address(self, user: Any) -> str | None:
        """The last address that was confirmed as the user's (see `orders.addresses`)."""
        return user.confirmed_email or (None if user.email else "")

    def offered_types(self, user: Any, types: Collection[str]) -> list[str]:
        offered = OFFERED + OFFERED_TO_STAFF if user.is_staff else OFFERED
        return [type for type in offered if type in types]

    def topic_names(self, topics: Collection[str]) -> dict[str, str]:
        """A product's topic has the product's name."""
        keys = {topic: int(found[1]) for topic in topics if (found := _PRODUCT.fullmatch(topic))}
        names = Product.objects.in_bulk(set(keys.values()))
        return {topic: names[key].name for topic, key in keys.items() if key in names}

    def _refused(self, user: Any, topics: Collection[str], existing: set[int]) -> dict[str, str]:
        if user is not None and not user.is_active:
            return dict.fromkeys(topics, "forbidden")
        refused = {}
        for topic in topics:
            product = _PRODUCT.fullmatch(topic)
            if product:
                if int(product[1]) not in existing:
                    refused[topic] = "unknown_topic"
            elif topic.startswith("product."):
                refused[topic] = "unknown_topic"
            elif not self._is_allowed(user, topic):
                refused[topic] = "forbidden"
        return refused

    def _is_allowed(self, user: Any, topic: str) -> bool:
        if topic == NEWS:
            return True
        if user is None:
            return False
        if topic in (STAFF, METRICS):
            return user.is_staff
        return topic == user_topic(user.pk)

    def _existing(self, topics: Collection[str]) -> set[int]:
        """The products among the topics that exist."""
        keys = {int(found[1]) for topic in topics if (found := _PRODUCT.fullmatch(topic))}
        if not keys:
            return set()
        return set(Product.objects.filter(pk__in=keys).values_list("pk", flat=True))
