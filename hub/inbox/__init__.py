"""A user's inbox: the log, filtered by their subscriptions, with a flag for what they have done.

Nothing is copied when an event is published; a price drop with many watchers stays one row. Per
user only decisions are stored: this event, or everything up to here, is seen, read, archived, or
snoozed until a moment.
"""

from hub.inbox.acting import mark_shown
from hub.inbox.changes import InboxChanged
from hub.inbox.flags import ACTIONS, Flags
from hub.inbox.marks import (
    flags_of,
    forget,
    has_seen,
    mark,
    mark_all,
    mark_many,
    seen_by,
    undo,
)
from hub.inbox.reading import STATES, Inbox, Item, Page
from hub.inbox.reminder import Reminder
from hub.inbox.snoozing import SnoozeError, snooze
from hub.inbox.unseen import COUNTED
from hub.models.log import MAX_POSITION

__all__ = [
    "ACTIONS",
    "COUNTED",
    "MAX_POSITION",
    "STATES",
    "Flags",
    "Inbox",
    "InboxChanged",
    "Item",
    "Page",
    "Reminder",
    "SnoozeError",
    "flags_of",
    "forget",
    "has_seen",
    "mark",
    "mark_all",
    "mark_many",
    "mark_shown",
    "seen_by",
    "snooze",
    "undo",
]
