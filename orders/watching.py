"""Watch lists: how much one user may watch, and the subscriptions that follow them."""

from collections.abc import Collection
from typing import Any

from django.db.models import Count

from orders.announcement import Announcement, Subscription
from orders.errors import TooManyWatched
from orders.models import Product, User
from orders.topics import product_topic

MAX_WATCHED = 1000  # products: each is a topic of the user's on every connection of theirs


def check_watched(users: Collection[Any], added: int = 1, using: str | None = None) -> None:
    """Raise TooManyWatched where one of these users would watch too many products.

    Their rows are locked, so that two requests of one user do not count past each other.
    """
    _lock_users(users, using)
    rows = Product.watchers.through.objects.using(using).filter(user_id__in=users)
    counts = rows.order_by().values("user_id").annotate(watched=Count("pk"))
    highest = max((row["watched"] for row in counts), default=0)
    if highest + added > MAX_WATCHED:
        raise TooManyWatched(MAX_WATCHED)


def change(
    through: Any,
    instance: Any,
    action: str,
    reverse: bool,
    pk_set: set[int] | None,
    using: str,
    **rest: Any,
) -> Announcement:
    """What a change of `Product.watchers` tells, from whichever side it is made.

    Takes the arguments of `m2m_changed`. Raises TooManyWatched before a user watches too many.
    """
    pairs: list[tuple[Any, Any]] = []  # (user, product)
    if action == "pre_add" and pk_set:
        users, added = ({instance.pk}, len(pk_set)) if reverse else (pk_set, 1)
        check_watched(users, added, using)
    elif action == "post_add" and pk_set:
        pairs = [(instance.pk, pk) if reverse else (pk, instance.pk) for pk in sorted(pk_set)]
    elif action in ("pre_remove", "pre_clear"):
        # Locked first: a row that another request adds after the look would be removed unseen,
        # and its subscription would stay. Looked at before the removal, which may name users who
        # do not watch; a clear names no users at all.
        if reverse:
            _lock_users({instance.pk}, using)
        elif action == "pre_remove":
            _lock_users(pk_set or (), using)
        else:
            _lock_product(instance.pk, using)
        this, other = ("user_id", "product_id") if reverse else ("product_id", "user_id")
        rows = through.objects.using(using).filter(**{this: instance.pk})
        if action == "pre_remove":
            rows = rows.filter(**{f"{other}__in": pk_set or ()})
        pairs = list(rows.order_by("pk").values_list("user_id", "product_id"))
    begins = action == "post_add"
    return Announcement(
        subscriptions=[
            Subscription(user, product_topic(product), begins) for user, product in pairs
        ]
    )


def _lock_users(keys: Collection[Any], using: str | None) -> None:
    rows = User.objects.using(using).select_for_update(no_key=True).filter(pk__in=keys)
    list(rows.order_by("pk").values_list("pk", flat=True))


def _lock_product(key: Any, using: str | None) -> None:
    """With its key: rows that point at the product cannot be added meanwhile."""
    rows = Product.objects.using(using).select_for_update().filter(pk=key)
    list(rows.values_list("pk", flat=True))
