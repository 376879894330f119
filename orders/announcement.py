"""What one change of the shop tells, as a value: the rules build it, the receivers publish it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub import EventType, publish_ephemeral, publish_many, revoke, subscribe, unsubscribe

Addressed = tuple[EventType, str]  # an event and its topic


@dataclass(frozen=True)
class Announcement:
    """Everything that one change tells, in the order in which it is published.

    `events` are rows of the log and `pages` are ephemeral events for open pages. `subscriptions`
    are (user's key, topic, on or off). `revocations` are the arguments of `hub.revoke`; they come
    last, because what follows them does not reach the user.
    """

    events: Sequence[Addressed] = ()
    pages: Sequence[Addressed] = ()
    subscriptions: Sequence[tuple[Any, str, bool]] = ()
    revocations: Sequence[tuple[Any, ...]] = ()


NOTHING = Announcement()


def announce(told: Announcement) -> None:
    """Publish all of it. Needs a transaction, as `hub.publish` does."""
    if told.events:
        publish_many(told.events)
    for event, topic in told.pages:
        publish_ephemeral(event, topic)
    for user, topic, on in told.subscriptions:
        (subscribe if on else unsubscribe)(user, topic)
    for revocation in told.revocations:
        revoke(*revocation)
