"""Finds what a change of subscriptions needs: asks the policy, or reads the log."""

from typing import Any

from django.db import Error as DatabaseError

from hub.identity import authentication
from hub.identity.authentication import Identity
from hub.sockets import catch_up
from hub.sockets.changes import Checked, CheckPassword, CheckTopics, Need
from hub.sockets.services import Services


async def find(need: Need, user: Identity | None, services: Services) -> Any:
    """The answer to a need. Raises DatabaseError, and whatever a policy raises."""
    if isinstance(need, CheckTopics):
        threads = services.recheck_threads if need.is_urgent else services.reader_threads
        refusals = await threads.run(authentication.refusals, services.policy, user, need.topics)
        return Checked(refusals, services.follower.position)
    if isinstance(need, CheckPassword):
        return user is not None and await services.recheck_threads.run(
            authentication.has_present_password, user
        )
    try:
        page = await catch_up.read_page(services, need.after, need.bounds, need.size)
    except DatabaseError as error:
        services.report(error)
        return None
    return page and page.entries
