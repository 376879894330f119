"""Somebody who reads an inbox, for the tests of it."""

from typing import Any

from django.db import transaction

from hub import subscribe, unsubscribe
from hub.events import data_of
from hub.inbox import Inbox
from hub.models import Event, Log
from tests.hub.site import SitePolicy, tell
from tests.numbering import drain


def inbox(user: Any) -> Inbox:
    return Inbox(user, SitePolicy())


def texts(user: Any, state: Any = "all", **options: Any) -> list[str]:
    return [item.frame["title"] for item in inbox(user).page(state, **options).items]


def counts(user: Any) -> tuple[int, int]:
    made = inbox(user)
    return made.unseen(), made.unread()


def told(topic: str, *words: str) -> list[int]:
    """Publish and number; the positions."""
    before = Log.objects.get().head if Log.objects.exists() else 0
    tell(topic, *words)
    drain()
    rows = Event.objects.filter(position__gt=before, topic=topic, type="test.told")
    return list(rows.order_by("position").values_list("position", flat=True))


def follow(user: Any, topic: str, on: bool = True) -> None:
    with transaction.atomic():
        (subscribe if on else unsubscribe)(user.pk, topic)
    drain()


def changes() -> list[dict[str, Any]]:
    """What the person's other tabs were told."""
    rows = Event.objects.filter(type="inbox.changed").order_by("pk")
    return [data_of(frame) for frame in rows.values_list("frame", flat=True)]
