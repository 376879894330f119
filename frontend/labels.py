"""The names of event types and topics on pages."""

from hub.events import readable_type
from hub.topics import user_of
from orders.models import Product

# In the order in which pages list them.
LABELS = {
    "order.received": "Your orders",
    "product.price_dropped": "Price drops of products you watch",
    "product.back_in_stock": "Watched products back in stock",
    "product.created": "New products, if you asked for news",
    "account.welcome": "Welcome",
    "account.updated": "Changes to your account",
    "account.deleted": "Deleted accounts",
    "order.placed": "Customers' new orders",
    "stock.low": "Products that are running out",
}
STAFF_ONLY = {"order.placed", "stock.low"}


def type_label(type: str) -> str:
    """The name of an event type; for one without a label, its words."""
    return LABELS.get(type) or readable_type(type).capitalize()


def offered_types(types: list[str], is_staff: bool) -> list[str]:
    """Those of the types that this user can receive, in the order of LABELS."""
    order = list(LABELS)
    visible = [type for type in types if is_staff or type not in STAFF_ONLY]
    return sorted(visible, key=lambda type: order.index(type) if type in LABELS else len(order))


def topic_labels(topics: set[str]) -> dict[str, str]:
    """The name of each topic: of a product's topic the product's name."""
    keys = {topic: topic.partition(".")[2] for topic in topics if topic.startswith("product.")}
    wanted = [key for key in keys.values() if key.isdigit() and len(key) < 19]
    products = Product.objects.filter(pk__in=wanted).values_list("pk", "name")
    names = {str(key): name for key, name in products}
    return {topic: names.get(keys.get(topic, ""), topic) for topic in topics}


def is_mutable(topic: str) -> bool:
    """Whether pages offer to mute the topic. A user's own topic carries too many types."""
    return user_of(topic) is None
