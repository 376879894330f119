"""Stored frames as an inbox shows them."""

import logging
from typing import Any

from hub.concurrency.warn_once import WarnOnce
from hub.events import frame_of, is_own_path
from hub.log.row import Row

_once = WarnOnce(logging.getLogger("hub.inbox"))


def shown_frame(row: Row) -> dict[str, Any]:
    """The row's frame, decoded; without its links if one of them leads to another site.

    `publish` refuses such links, but a row may have been written without it.
    """
    frame = frame_of(row.tail)
    links = [
        *(frame["url"], frame.get("image")),
        *(action["url"] for action in frame.get("actions") or ()),
    ]
    if all(not link or is_own_path(link) for link in links):
        return frame
    text = "showing events of type %r without links to another site, such as position %s"
    _once.warn(row.type, text, row.type, row.position)
    return {**frame, "url": "", "image": None, "actions": []}
