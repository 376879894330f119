"""Intervals: which user is subscribed to which topic, from which position to which.

The application publishes `subscription.changed` with its own change. The drain that numbers that
event writes the bound here in the same transaction, so open sockets, replay and inbox agree.
"""

from collections.abc import Iterable

from hub.events import data_of
from hub.log.row import Row
from hub.models import Subscription
from hub.publishing.control_events import SubscriptionChanged
from hub.topics import user_of


def record_changes(rows: Iterable[Row]) -> None:
    """Write the bounds that the `subscription.changed` events among these rows set.

    The drain calls it under the log's lock, with the rows in the order of their positions.
    """
    for row in rows:
        if row.type != SubscriptionChanged.type:
            continue
        user, data = user_of(row.topic), data_of(row.tail)
        open_ones = Subscription.objects.filter(
            person=user, topic=data["subject"], until__isnull=True
        )
        if not data["on"]:
            open_ones.update(until=row.position)
        elif user is not None and not open_ones.exists():
            Subscription.objects.create(person=user, topic=data["subject"], since=row.position)


def intervals_of(user: object, after: int) -> list[tuple[str, int, int | None]]:
    """(topic, since, until) of the user's subscriptions that reach beyond this position."""
    rows = Subscription.objects.filter(person=str(user)).exclude(until__lte=after)
    return list(rows.values_list("topic", "since", "until"))
