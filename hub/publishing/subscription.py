"""Who is due which topic: the wish is the application's row, its bounds are positions.

The application publishes `subscription.changed` with its change. The drain that numbers that
event writes the bound in the same transaction, so open sockets, replay and inbox agree about
what was due.
"""

from collections.abc import Iterable
from typing import ClassVar

from hub.events import EventType, data_of
from hub.models import Subscription
from hub.publishing.publisher import publish
from hub.topics import check_topic, user_of, user_topic


class SubscriptionChanged(EventType, frozen=True):
    """The person begins or ceases to hear `subject`, a topic."""

    type: ClassVar[str] = "subscription.changed"
    subject: str
    on: bool


def subscribe(person: object, topic: str) -> None:
    """From the commit on, the person with this primary key hears `topic`, wherever they are.

    Needs a transaction, as `publish` does. Repeating it changes nothing.
    """
    _change(person, topic, on=True)


def unsubscribe(person: object, topic: str) -> None:
    """The reverse of `subscribe`."""
    _change(person, topic, on=False)


def _change(person: object, topic: str, *, on: bool) -> None:
    publish(SubscriptionChanged(subject=check_topic(topic), on=on), user_topic(person))


def record_changes(numbered: Iterable[tuple[int, str, str]]) -> None:
    """Write the bounds that these (position, topic, tail) of `subscription.changed` events set.

    Called by the drain, under the log's lock, in the order of the positions.
    """
    for position, topic, tail in numbered:
        person, data = user_of(topic), data_of(tail)
        rows = Subscription.objects.filter(person=person, topic=data["subject"], until__isnull=True)
        if not data["on"]:
            rows.update(until=position)
        elif person is not None and not rows.exists():
            Subscription.objects.create(person=person, topic=data["subject"], since=position)


def intervals_of(person: object, after: int) -> list[tuple[str, int, int | None]]:
    """(topic, since, until) of all that the person is due after this position."""
    rows = Subscription.objects.filter(person=str(person))
    rows = rows.exclude(until__lte=after)
    return list(rows.values_list("topic", "since", "until"))
