"""Tells a user's other tabs and devices what changed in their inbox."""

from typing import ClassVar

from hub.events import EventType
from hub.publishing.publisher import publish
from hub.topics import user_topic


class InboxChanged(EventType, frozen=True):
    """The event at `position` got or lost the flag `what`.

    With `through`, every event up to the position is meant. `what` is "preferences", at position 0,
    when the user chose other means, muted or unmuted.
    """

    type: ClassVar[str] = "inbox.changed"
    what: str
    on: bool
    position: int
    through: bool


def publish_change(person: object, what: str, on: bool, position: int, *, through: bool) -> None:
    """Publish an InboxChanged to a user, whose primary key is `person`."""
    event = InboxChanged(what=what, on=on, position=position, through=through)
    publish(event, user_topic(person))


def publish_preferences_change(person: object) -> None:
    publish_change(person, "preferences", True, 0, through=False)
