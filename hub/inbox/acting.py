"""What users do to everything that a filter of their inbox shows."""

from hub.inbox.flags import ACTIONS, AllAction
from hub.inbox.marks import mark_all, mark_many
from hub.inbox.reading import Inbox, State

MAX_ARCHIVED = 1_000  # events that archiving the unread ones takes at once


def mark_shown(found: Inbox, action: AllAction, state: State, upto: int) -> tuple[int, str]:
    """Flag what a filter shows up to a position, which must not be above the log's head.

    Returns how many events that are, counted up to COUNTED, and the token for `undo`.
    """
    flag, _ = ACTIONS[action]
    if action == "archive" and state == "unread":
        positions = found.positions("unread", upto, MAX_ARCHIVED)
        return len(positions), mark_many(found.person, flag, positions)
    counts = {"seen": found.unseen, "read": found.unread, "archive": found.kept}
    return counts[action](), mark_all(found.person, flag, upto)
