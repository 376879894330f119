"""What became of one event, as far as rows tell it: from its request to each inbox and email."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.db.models import Q

from hub.identity.users import find_users
from hub.models import Delivery, Event, InboxException, InboxMark, Subscription
from hub.topics import user_of

SHOWN = 50  # rows of each kind
COUNTED = 1_000  # users that are counted; more of them are "1000+"


class Reader(msgspec.Struct):
    """What one user did with the event. `upto`: with everything up to that position."""

    user: str
    what: str
    on: bool
    upto: int | None


class Sending(msgspec.Struct):
    """A delivery with its user's name."""

    row: Delivery
    user: str


class Life(msgspec.Struct):
    """`siblings` are the positions of other events of the same request.

    `subscribers` is None for an event of a user's own topic, whose name is `owner`.
    """

    event: Event
    owner: str
    subscribers: str | None
    siblings: list[int]
    readers: list[Reader]
    deliveries: list[Sending]
    frame: str


def life_of(event: Event) -> Life:
    """Read it for a numbered event, in a bounded number of statements and rows."""
    position = event.position or 0
    owner = user_of(event.topic)
    exceptions = list(InboxException.objects.filter(position=position).order_by("-pk")[:SHOWN])
    marks: Sequence[InboxMark] = []
    if owner is not None:
        marks = list(InboxMark.objects.filter(person=owner, upto__gte=position).order_by("turn"))
    deliveries = list(Delivery.objects.filter(position=position).order_by("-pk")[:SHOWN])
    rows: list[Any] = [*exceptions, *marks, *deliveries]
    people = {owner or "", *(row.person for row in rows)} - {""}
    users = {key: str(user) for key, user in find_users(people).items()}
    readers = [
        *(Reader(users.get(one.person, one.person), one.what, one.on, None) for one in exceptions),
        *(Reader(users.get(one.person, one.person), one.what, True, one.upto) for one in marks),
    ]
    return Life(
        event,
        owner=users.get(owner, owner) if owner is not None else "",
        subscribers=None if owner is not None else _count_subscribers(event.topic, position),
        siblings=_siblings(event),
        readers=readers,
        deliveries=[Sending(row, users.get(row.person, row.person)) for row in deliveries],
        frame=written(event.frame),
    )


def _count_subscribers(topic: str, position: int) -> str:
    open_then = Q(until=None) | Q(until__gte=position)
    rows = Subscription.objects.filter(open_then, topic=topic, since__lt=position)
    # The open interval of nobody is a topic's end.
    count = len(rows.exclude(person="").order_by()[: COUNTED + 1].values_list("pk"))
    return f"{COUNTED}+" if count > COUNTED else str(count)


def _siblings(event: Event) -> list[int]:
    if event.request_id is None:
        return []
    others: Any = Event.objects.filter(request_id=event.request_id, position__isnull=False)
    return list(
        others.exclude(pk=event.pk).order_by("pk").values_list("position", flat=True)[:SHOWN]
    )


def written(frame: str) -> str:
    """The frame, indented; as it is stored where it cannot be read."""
    try:
        return msgspec.json.format(("{" + frame).encode(), indent=2).decode()
    except msgspec.DecodeError:
        return frame
