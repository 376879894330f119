"""What users do to everything that a filter of their inbox shows."""

from hub.inbox.flags import ACTIONS, AllAction
from hub.inbox.marks import mark_all, mark_many
from hub.inbox.reading import Inbox, State
from hub.inbox.unseen import COUNTED

MAX_ARCHIVED = 1_000  # events that archiving the unread ones takes at once


def mark_shown(found: Inbox, action: AllAction, state: State, upto: int) -> tuple[int, str]:
    """Flag what a filter shows up to a position, which must not be above the log's head.

    Returns how many events that changes, counted up to COUNTED, and the token for `undo`.
    """
    flag, _ = ACTIONS[action]
    if action == "archive" and state == "unread":
        unread = [item.position for item in found.newest("unread", upto, MAX_ARCHIVED)]
        return min(len(unread), COUNTED), mark_many(found.person, flag, unread)
    shown = found.newest("unread" if action == "read" else "all", upto, COUNTED)
    changed = [item for item in shown if action != "seen" or not item.flags.seen]
    return len(changed), mark_all(found.person, flag, upto)
