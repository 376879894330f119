"""The rows of the inbox's page: items, with earlier ones of the same subject folded below."""

import datetime
from typing import Any

from django.urls import get_script_prefix

from hub.events import type_label
from hub.inbox import Item
from hub.inbox.preferences import security_types
from hub.ui.names import is_mutable, topic_names


def rows_of(items: list[Item]) -> list[dict[str, Any]]:
    """What the template shows of the items of a page, newest first.

    An item stands at the newest one with its key, among the `earlier`; `alike` are their positions.
    """
    names = topic_names({item.frame["topic"] for item in items})
    locked = security_types()
    rows: dict[object, dict[str, Any]] = {}
    for item in items:
        row = _row(item, names, locked)
        newest = rows.setdefault(item.frame.get("key") or item.position, row)
        if newest is not row:
            newest["earlier"].append(row)
            newest["is_unread"] |= row["is_unread"]
            newest["is_fresh"] |= row["is_fresh"]
    for row in rows.values():
        row["alike"] = ",".join(str(one["position"]) for one in row["earlier"])
    return list(rows.values())


def _below_root(path: str | None) -> str:
    return get_script_prefix().rstrip("/") + path if path else ""


def _row(item: Item, names: dict[str, str], locked: set[str]) -> dict[str, Any]:
    topic, type = item.frame["topic"], item.frame["type"]
    return {
        **item.frame,
        "position": item.position,
        "image": _below_root(item.frame.get("image")),
        "at": datetime.datetime.fromisoformat(item.frame["at"]),
        "flags": item.flags,
        "is_unread": not item.flags.read,
        "is_fresh": not item.flags.seen,
        "topic_name": names[topic] if is_mutable(topic) else "",
        "type_label": type_label(type),
        "is_locked": type in locked,
        "earlier": [],
    }
