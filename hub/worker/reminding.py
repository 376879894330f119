"""Brings snoozed events back when their moment has come."""

import logging

from django.db import Error as DatabaseError

from hub.identity.users import find_users
from hub.inbox import snoozing
from hub.policy import Policy

logger = logging.getLogger("hub.inbox")


def remind_due(policy: Policy) -> bool:
    """Publish the reminders that are due; return whether there may be more.

    Each is a transaction of its own. Where one fails, the event is back in its place without it.
    """
    due = snoozing.due()
    users = find_users({person for person, _ in due})
    for person, position in due:
        user = users.get(person)
        try:
            if user is not None and user.is_active:
                snoozing.remind(user, position, policy)
            else:
                snoozing.wake(person, position)
        except DatabaseError:
            raise
        except Exception:
            logger.exception("no reminder of %s for the user %s", position, person)
            snoozing.wake(person, position)
    return len(due) == snoozing.REMINDERS
