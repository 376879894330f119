"""The events that change what a connection receives. No browser is ever sent one."""

from typing import ClassVar

from hub.events import EventType


class SubscriptionChanged(EventType, frozen=True):
    """The user's subscription to `subject`, a topic, begins or ends."""

    type: ClassVar[str] = "subscription.changed"
    subject: str
    on: bool


class RightsRevoked(EventType, frozen=True):
    """The user lost a right. `session` limits a logout to the sockets of that session."""

    type: ClassVar[str] = "rights.revoked"
    reason: str
    session: str | None = None


class TopicClosed(EventType, frozen=True):
    """The topic it is published to is gone; so are all subscriptions to it."""

    type: ClassVar[str] = "topic.closed"


CONTROL_EVENTS = frozenset({SubscriptionChanged.type, RightsRevoked.type, TopicClosed.type})
