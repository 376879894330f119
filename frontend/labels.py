"""What people call the kinds of events, where they choose what to be told."""

from hub.topics import user_of
from orders.models import Product

# In the order in which they are offered.
KINDS = {
    "order.received": "Your orders",
    "product.price_dropped": "Price drops of what you watch",
    "product.back_in_stock": "What you watch is back in stock",
    "product.created": "New products, if you asked for news",
    "account.welcome": "Welcome",
    "account.updated": "Changes of your account",
    "account.deleted": "Deleted accounts",
    "order.placed": "New orders of customers",
    "stock.low": "Products that run out",
}
STAFF = {"order.placed", "stock.low"}


def kind_name(type: str) -> str:
    return KINDS.get(type) or type.replace(".", ": ").replace("_", " ").capitalize()


def offered(types: list[str], is_staff: bool) -> list[str]:
    """Those of the types that concern this person, ours first."""
    order = list(KINDS)
    mine = [type for type in types if is_staff or type not in STAFF]
    return sorted(mine, key=lambda type: order.index(type) if type in KINDS else len(order))


def topic_names(topics: set[str]) -> dict[str, str]:
    """What people call topics that can be muted: products by their names."""
    keys = {topic: topic.partition(".")[2] for topic in topics if topic.startswith("product.")}
    wanted = [key for key in keys.values() if key.isdigit() and len(key) < 19]
    products = Product.objects.filter(pk__in=wanted).values_list("pk", "name")
    names = {str(key): name for key, name in products}
    return {topic: names.get(keys.get(topic, ""), topic) for topic in topics}


def is_mutable(topic: str) -> bool:
    """A person's own topic carries too many different things to be muted as a whole."""
    return user_of(topic) is None
