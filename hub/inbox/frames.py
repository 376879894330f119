"""Stored frames as an inbox shows them. One that cannot be read is logged once and left out.

A row may be damaged, or written by another version of the project. It must not fail the page or
the answer that it would have been a part of.
"""

import datetime
import logging
from typing import Any

import msgspec

from hub.concurrency.warn_once import WarnOnce
from hub.events import frame_of, is_own_path

_warnings = WarnOnce(logging.getLogger("hub.inbox"))


class _Action(msgspec.Struct):
    label: str
    url: str


class _Frame(msgspec.Struct):
    """What every stored frame has, and the types of what it may have."""

    type: str
    topic: str
    at: datetime.datetime
    severity: str
    title: str
    body: str
    url: str
    data: dict[str, Any]
    key: str | None = None
    image: str | None = None
    actions: list[_Action] = []


def read_frame(position: int, tail: str) -> dict[str, Any] | None:
    """The frame of the event at this position, decoded; None if it cannot be read.

    A link that does not lead into this site is left out: `publish` refuses such links, but a row
    may have been written without it.
    """
    try:
        frame = frame_of(tail)
        checked = msgspec.convert(frame, _Frame)
    except (msgspec.MsgspecError, ValueError) as error:
        text = "the event at position %d cannot be read and is not shown: %s"
        _warnings.warn(str(position), text, position, error)
        return None
    links = [checked.url, checked.image or "", *(one.url for one in checked.actions)]
    if all(link == "" or is_own_path(link) for link in links):
        return frame
    text = "the event at position %d is shown without its links: one leads to another site"
    _warnings.warn(str(position), text, position)
    return {**frame, "url": "", "image": None, "actions": []}
