"""Subscribing users to topics, and unsubscribing them: events in the log like any other.

The application stores the choice and calls these in the same transaction. The positions of the
events bound the subscription: see `hub.log.intervals`. All of them need a transaction, as
`publish` does.
"""

from collections.abc import Iterable

from hub.publishing.control_events import SubscriptionChanged, TopicClosed
from hub.publishing.publisher import publish, publish_many
from hub.topics import check_topic, user_topic


def subscribe(person: object, topic: str) -> None:
    """From the commit on, the user with this primary key receives what is published to `topic`.

    Repeating it changes nothing.
    """
    subscribe_many([person], topic)


def unsubscribe(person: object, topic: str) -> None:
    """The reverse of `subscribe`."""
    unsubscribe_many([person], topic)


def subscribe_many(people: Iterable[object], topic: str) -> None:
    """As `subscribe`, for many users, given by their primary keys, with one INSERT."""
    _change(people, topic, on=True)


def unsubscribe_many(people: Iterable[object], topic: str) -> None:
    """The reverse of `subscribe_many`. If the topic itself is gone, use `close_topic`."""
    _change(people, topic, on=False)


def close_topic(topic: str) -> None:
    """End every subscription to `topic`, for instance because what it was about is deleted.

    One event, however many users are subscribed. Open sockets give the topic up in its place in
    the stream, those of visitors included, and their clients are told. A later `subscribe`
    begins anew.
    """
    publish(TopicClosed(), check_topic(topic))


def _change(people: Iterable[object], topic: str, *, on: bool) -> None:
    change = SubscriptionChanged(subject=check_topic(topic), on=on)
    publish_many((change, user_topic(person)) for person in people)
