"""The log: giving rows their positions, and reading them back in order."""

from hub.log.by_topic import Bound, due, due_since, is_more_due
from hub.log.reading import PAGE, State, newest, page, state

__all__ = ["PAGE", "Bound", "State", "due", "due_since", "is_more_due", "newest", "page", "state"]
