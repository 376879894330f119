"""A person's inbox: the log, filtered by their subscriptions, and what they said about it.

Nothing is copied when an event is published; a price drop with many watchers stays one row. What
is stored a person are words: "all up to here", or "this one", is seen, read or archived.
"""

from hub.inbox.marks import (
    InboxChanged,
    flags_of,
    forget,
    has_seen,
    mark,
    mark_all,
    seen_by,
    undo,
)
from hub.inbox.reading import COUNTED, Inbox, Item, Page
from hub.inbox.words import Flags

__all__ = [
    "COUNTED",
    "Flags",
    "Inbox",
    "InboxChanged",
    "Item",
    "Page",
    "flags_of",
    "forget",
    "has_seen",
    "mark",
    "mark_all",
    "seen_by",
    "undo",
]
