"""Who watches what, as it changes, and how much one person may watch."""

from collections.abc import Collection
from typing import Any

from django.db.models import Count

from orders.errors import TooManyWatched
from orders.models import Product, User

MAX_WATCHED = 1000  # products: each is a topic of the person's on every connection of theirs


def check_watched(people: Collection[Any], added: int = 1, using: str | None = None) -> None:
    """Raise TooManyWatched where one of these people would watch too many products.

    Their rows are locked, so that two requests of one person do not count past each other.
    """
    locked = User.objects.using(using).select_for_update(no_key=True).filter(pk__in=people)
    list(locked.order_by("pk").values_list("pk", flat=True))
    rows = Product.watchers.through.objects.using(using).filter(user_id__in=people)
    counts = rows.order_by().values("user_id").annotate(watched=Count("pk"))
    highest = max((row["watched"] for row in counts), default=0)
    if highest + added > MAX_WATCHED:
        raise TooManyWatched(MAX_WATCHED)


# These take the arguments of `m2m_changed`, sent of `Product.watchers` from either side.


def check_change(
    instance: Any, action: str, reverse: bool, pk_set: set[int] | None, using: str, **rest: Any
) -> None:
    """Raise TooManyWatched before somebody watches too many products."""
    if action == "pre_add" and pk_set:
        if reverse:
            check_watched({instance.pk}, len(pk_set), using)
        else:
            check_watched(pk_set, 1, using)


def added(
    instance: Any, action: str, reverse: bool, pk_set: set[int] | None, **rest: Any
) -> list[tuple[int, int]]:
    """The keys (person, product) of who watches what from now on."""
    if action != "post_add" or not pk_set:
        return []
    return [(instance.pk, pk) if reverse else (pk, instance.pk) for pk in sorted(pk_set)]


def removed(
    through: Any,
    instance: Any,
    action: str,
    reverse: bool,
    pk_set: set[int] | None,
    using: str,
    **rest: Any,
) -> list[tuple[int, int]]:
    """The keys (person, product) of who is about to stop watching what.

    Read before it happens: a clear names nobody, and a removal may name people who do not watch.
    """
    if action not in ("pre_remove", "pre_clear"):
        return []
    this, other = ("user_id", "product_id") if reverse else ("product_id", "user_id")
    rows = through.objects.using(using).filter(**{this: instance.pk})
    if action == "pre_remove":
        rows = rows.filter(**{f"{other}__in": pk_set or ()})
    return list(rows.order_by("pk").values_list("user_id", "product_id"))
