"""What one change of the shop tells, as a value: the rules build it, the receivers publish it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from hub import (
    EventType,
    publish_ephemeral,
    publish_many,
    subscribe_many,
    unsubscribe_many,
)
from hub.deliveries import deliver_to, send_waiting

Addressed = tuple[EventType, str]  # an event and its topic


class Letter(NamedTuple):
    """An email to an address that is not the one that the user has confirmed."""

    address: str
    event: EventType
    user: Any


class Subscription(NamedTuple):
    """A user, by primary key, is subscribed to a topic from now on, or no longer."""

    user: Any
    topic: str
    on: bool


@dataclass(frozen=True)
class Announcement:
    """Everything that one change tells, in the order in which it is published.

    `events` are rows of the log and `pages` are ephemeral events for open pages. `confirmed` are
    users whose address was, for which emails waited.
    """

    events: Sequence[Addressed] = ()
    pages: Sequence[Addressed] = ()
    subscriptions: Sequence[Subscription] = ()
    letters: Sequence[Letter] = ()
    confirmed: Sequence[Any] = ()


NOTHING = Announcement()


def announce(told: Announcement) -> None:
    """Publish all of it, with one INSERT for many users. Needs a transaction, as `publish` does."""
    if told.events:
        publish_many(told.events)
    for event, topic in told.pages:
        publish_ephemeral(event, topic)
    for (topic, on), changes in groupby(told.subscriptions, lambda one: (one.topic, one.on)):
        change_many = subscribe_many if on else unsubscribe_many
        change_many([one.user for one in changes], topic)
    for letter in told.letters:
        deliver_to(*letter)
    for user in told.confirmed:
        send_waiting(user)
