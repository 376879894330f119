"""Rows that may be relied on: a row that cannot be read is replaced by a stand-in.

A frame may be damaged, or written by another version of the hub. Nothing that reads the log may
stop at it: the row is numbered like any other, logged once, and passed over. The stand-in keeps
its position and topic and is shown to nobody. That of a revocation has every topic of the user
checked again.
"""

import datetime
import logging

import msgspec

from hub.concurrency.warn_once import WarnOnce
from hub.log.row import Row, row_of
from hub.publishing.control_events import RightsRevoked, SubscriptionChanged
from hub.topics import is_topic, user_of

UNREADABLE = "hub.unreadable"  # the type of a stand-in

_once = WarnOnce(logging.getLogger("hub.log"))
_encoder = msgspec.json.Encoder()


class _Action(msgspec.Struct):
    label: str
    url: str


class _Frame(msgspec.Struct):
    """What every reader of a frame relies on."""

    type: str
    topic: str
    at: datetime.datetime
    severity: str
    title: str
    body: str
    url: str
    data: msgspec.Raw
    key: str | None = None
    image: str | None = None
    actions: list[_Action] = []


_frames = msgspec.json.Decoder(_Frame)
_control_events = {
    kind.type: msgspec.json.Decoder(kind) for kind in (RightsRevoked, SubscriptionChanged)
}


def read_row(position: int, topic: str, type: str, frame: str) -> Row:
    """The row of these columns, or its stand-in."""
    return readable(row_of(position, topic, type, frame))


def readable(row: Row) -> Row:
    """The row itself, or its stand-in where it cannot be read."""
    try:
        _check(row)
    except (msgspec.MsgspecError, ValueError) as error:
        text = "skipping events of type %r that cannot be read, such as position %s on %s: %s"
        _once.warn(row.type, text, row.type, row.position, row.topic, error)
        return _stand_in(row)
    return row


def is_readable(row: Row) -> bool:
    return readable(row) is row


def _check(row: Row) -> None:
    frame = _frames.decode("{" + row.tail)
    if not bytes(frame.data).startswith(b"{"):
        raise ValueError("its data is not an object")
    if row.type not in _control_events:
        return
    event = _control_events[row.type].decode(frame.data)
    if user_of(row.topic) is None:
        raise ValueError("it belongs on the topic of a user")
    if isinstance(event, SubscriptionChanged) and not is_topic(event.subject):
        raise ValueError("its subject is not a topic")


def _stand_in(row: Row) -> Row:
    if row.type == RightsRevoked.type:
        type, data = row.type, {"reason": "permissions", "session": None}
    else:
        type, data = UNREADABLE, {}
    frame = {
        "type": type,
        "topic": row.topic,
        "at": "1970-01-01T00:00:00.000000Z",
        "severity": "info",
        "title": "",
        "body": "",
        "url": "",
        "data": data,
    }
    return row_of(row.position, row.topic, type, _encoder.encode(frame)[1:].decode())
