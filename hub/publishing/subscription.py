"""Subscribing a user to a topic, and unsubscribing: events in the log like any other.

The application stores the choice and calls these in the same transaction. The positions of the
events bound the subscription: see `hub.log.intervals`.
"""

from hub.publishing.control_events import SubscriptionChanged
from hub.publishing.publisher import publish
from hub.topics import check_topic, user_topic


def subscribe(person: object, topic: str) -> None:
    """From the commit on, the user with this primary key receives what is published to `topic`.

    Needs a transaction, as `publish` does. Repeating it changes nothing.
    """
    _change(person, topic, on=True)


def unsubscribe(person: object, topic: str) -> None:
    """The reverse of `subscribe`."""
    _change(person, topic, on=False)


def _change(person: object, topic: str, *, on: bool) -> None:
    publish(SubscriptionChanged(subject=check_topic(topic), on=on), user_topic(person))
