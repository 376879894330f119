"""Finds events of the log by what staff know of them.

What was typed is read as everything that it may be: a position, a topic, a user's name, the id of a
request. These are found along indexes. If it is none of them, or on demand, it is a value: the
event's key or URL, or one in its data. Values are looked for in the newest events, SCANNED of them
for a page.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from django.contrib.auth import get_user_model
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from hub.errors import BadTopic
from hub.models import Event
from hub.models.log import MAX_POSITION
from hub.publishing.origin import MAX_ID
from hub.topics import is_topic, user_topic

PAGE = 50  # events that are shown at once
SCANNED = 5_000  # events whose content is looked at for one page
MAX_TEXT = 200  # characters that are looked for
_AT_ONCE = 500  # rows of one read


class Found(msgspec.Struct):
    """A page of events, newest first.

    `meanings` says what the text was read as. `next` is the `before` of the page that follows,
    None where nothing older is left to look at. `is_value`: it was looked for in the content.
    """

    events: list[Event]
    meanings: list[str]
    next: int | None
    is_value: bool = False


def search(text: str, before: int | None = None, *, as_value: bool = False) -> Found:
    """The events that the text may mean, below the position `before`; for "", every event."""
    end = before or MAX_POSITION
    if not text:
        events, reached = _newest(Event.objects.filter(position__lt=end))
        return Found(events, [], reached or None)
    if not as_value and (found := _along_indexes(text, end)).events:
        return found
    events, reached = _with_value(text, end)
    return Found(events, [_("a key, a URL or a value")], reached or None, is_value=True)


# Events, newest first, and the position down to which there are no others; 0 is the beginning.
Rows = tuple[list[Event], int]


def _along_indexes(text: str, end: int) -> Found:
    found: dict[int, Event] = {}
    meanings, reached = [], 0
    for meaning, (events, down_to) in _readings(text, end):
        if events:
            meanings.append(meaning)
        found |= {event.pk: event for event in events}
        reached = max(reached, down_to)
    # Another reading may have found more, further down: that is on the next page.
    events = [event for event in found.values() if (event.position or end) >= reached]
    events.sort(key=lambda event: event.position or end, reverse=True)
    return Found(events, meanings, reached or None)


def _readings(text: str, end: int) -> Iterator[tuple[str, Rows]]:
    """What the text may mean, each with what that finds below the position `end`."""
    events = Event.objects.all()
    if text.isascii() and text.isdecimal() and int(text) < end:
        yield _("a position"), _newest(events.filter(position=int(text)))
    if is_topic(text):
        yield _("a topic"), _newest(_of_topic(text, end))
    if topic := _topic_of_user(text):
        yield _("a user"), _newest(_of_topic(topic, end))
    if len(text) <= MAX_ID:
        of_request = events.filter(request_id=text)
        unnumbered = list(of_request.filter(position=None)[:PAGE]) if end == MAX_POSITION else []
        numbered, reached = _newest(of_request.filter(position__lt=end))
        yield _("a request"), ([*unnumbered, *numbered], reached)


def _newest(events: QuerySet[Event]) -> Rows:
    rows = list(events.order_by("-position")[: PAGE + 1])
    return rows[:PAGE], rows[PAGE - 1].position or 0 if len(rows) > PAGE else 0


def _of_topic(topic: str, end: int) -> QuerySet[Event]:
    # Whole pairs are compared: with `topic = …`, PostgreSQL may walk the log along the positions.
    within = "(topic, position) > (%s, 0) AND (topic, position) < (%s, %s)"
    pair = RawSQL(within, (topic, topic, end), output_field=BooleanField())
    return Event.objects.filter(pair)


def _topic_of_user(name: str) -> str | None:
    model = get_user_model()
    user = model._default_manager.filter(**{model.USERNAME_FIELD: name}).first()
    try:
        return user_topic(user.pk) if user is not None else None
    except BadTopic:  # a key that is too long for one: this user has no events
        return None


def _with_value(text: str, end: int) -> Rows:
    found: list[Event] = []
    looked_at = 0
    while looked_at < SCANNED:
        below = Event.objects.filter(position__lt=end).order_by("-position")
        rows = list(below[:_AT_ONCE])
        for event in rows:
            if _has(event, text):
                found.append(event)
                if len(found) == PAGE:
                    return found, event.position or 0
        looked_at += len(rows)
        if len(rows) < _AT_ONCE:
            return found, 0
        end = rows[-1].position or 0
    return found, end


def _has(event: Event, text: str) -> bool:
    """Whether the event's key, its URL or a value in its data is this text."""
    if msgspec.json.encode(text)[1:-1].decode() not in event.frame:  # quick, and almost always
        return False
    try:
        frame = msgspec.json.decode("{" + event.frame)
        values = [frame.get("key"), frame.get("url"), *_values(frame.get("data"))]
    except (msgspec.DecodeError, RecursionError):  # damaged: found by its position or topic
        return False
    return any(value is not None and _as_text(value) == text for value in values)


def _values(data: Any) -> Iterator[Any]:
    if isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from _values(value)
    else:
        yield data


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
