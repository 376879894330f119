"""What takes the place of a snoozed event once its time has come."""

from typing import Any, ClassVar, Self

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.events import EventType


class Reminder(EventType, frozen=True):
    """The event at `position` was snoozed until now. The other fields are those of its frame."""

    type: ClassVar[str] = "inbox.reminder"
    type_label: ClassVar[str] = gettext_lazy("Reminders of what you snoozed")  # type: ignore[assignment]
    summary: ClassVar[str] = gettext_lazy("{count} snoozed events are back")  # type: ignore[assignment]
    position: int
    origin: str  # its topic
    heading: str
    text: str
    link: str
    picture: str | None
    subject: str | None

    @classmethod
    def of(cls, position: int, frame: dict[str, Any]) -> Self:
        """The reminder of a decoded event, which may be a reminder itself."""
        is_again = frame["type"] == cls.type
        return cls(
            position=position,
            origin=frame["data"]["origin"] if is_again else frame["topic"],
            heading=frame["data"]["heading"] if is_again else frame["title"],
            text=frame["body"],
            link=frame["url"],
            picture=frame.get("image"),
            subject=frame.get("key"),
        )

    def title(self) -> str:
        return str(_("Reminder: {title}")).replace("{title}", self.heading)

    def body(self) -> str:
        return self.text

    def url(self) -> str:
        return self.link

    def key(self) -> str | None:
        return self.subject

    def image(self) -> str | None:
        return self.picture


def origin_of(frame: dict[str, Any]) -> str:
    """The topic that an event came by: that of the event which a reminder brings back."""
    topic: str = frame["topic"]
    return str(frame["data"].get("origin", topic)) if frame["type"] == Reminder.type else topic


def topics_of(frame: dict[str, Any]) -> set[str]:
    """The topics of an event's subject: its own, and that of the event which it brings back."""
    return {frame["topic"], origin_of(frame)}
