"""Checks every signed-in connection again, within every minute.

A right that is lost through the models is an event and takes effect at once. This is for what no
event says: raw SQL, an expired session, a policy that asks another system.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError

from hub.concurrency.threads import DatabaseThreads
from hub.identity.authentication import Identity, is_present_password
from hub.identity.sessions import living_sessions
from hub.models.chunks import in_chunks
from hub.policy import Policy
from hub.sockets.close_codes import REVOKED, UNCHECKED
from hub.sockets.driver import Driver
from hub.sockets.registry import ConnectionRegistry

logger = logging.getLogger("hub.rechecking")

RECHECK_INTERVAL = 50.0  # seconds: with the check itself, all within a minute
RECHECK_RETRY_DELAY = 2.0  # seconds until a check that failed is made again
USERS_PER_CHECK = 500


async def run(connections: ConnectionRegistry, threads: DatabaseThreads, policy: Policy) -> None:
    """Check again, for as long as the hub runs."""
    works = True
    while True:
        await asyncio.sleep(RECHECK_INTERVAL if works else RECHECK_RETRY_DELAY)
        try:
            await recheck(connections, threads, policy)
            works = True
        except DatabaseError as error:
            # Nobody is signed out because the database is away.
            if works:
                logger.warning("cannot check who may hear what, trying again: %s", error)
            works = False
        except Exception:  # A session store may raise anything.
            if works:
                logger.exception("checking who may hear what failed, trying again")
            works = False


async def recheck(
    connections: ConnectionRegistry, threads: DatabaseThreads, policy: Policy
) -> None:
    """One round: close connections whose sign-in is over, drop topics the user may not receive."""
    everybody = connections.of_users()
    for some in in_chunks(everybody, USERS_PER_CHECK):
        ended = await threads.run(ended_sign_ins, {user for user, _ in some})
        staying = [(user, one) for user, one in some if user not in ended]
        for user, one in some:
            if user in ended:
                one.end(REVOKED[ended[user]])
        refused = await threads.run(refusals_of, policy, _topics_by_user(staying))
        for user, one in staying:
            lost = refused[user.pk]
            if lost is None:
                one.end(UNCHECKED)
            elif lost := lost & one.topics():
                one.lose(lost)


def _topics_by_user(some: Iterable[tuple[Identity, Driver]]) -> dict[Any, set[str]]:
    topics: dict[Any, set[str]] = {}
    for user, one in some:
        topics.setdefault(user.pk, set()).update(one.topics())
    return topics


def ended_sign_ins(identities: Collection[Identity]) -> dict[Identity, str]:
    """The identities that are signed in no longer, each with its reason, a key of REVOKED."""
    users = get_user_model()._default_manager.in_bulk([one.pk for one in identities])
    keys = {one.session_key for one in identities if one.session_key is not None}
    sessions = living_sessions(keys)
    ended: dict[Identity, str] = {}
    for one in identities:
        user: Any = users.get(one.pk)
        if user is None:
            ended[one] = "deleted"
        elif not user.is_active:
            ended[one] = "deactivated"
        elif not is_present_password(user, one.auth):
            ended[one] = "password"
        elif one.session_key is not None and one.session_key not in sessions:
            ended[one] = "logout"
    return ended


def refusals_of(policy: Policy, topics: dict[Any, set[str]]) -> dict[Any, set[str] | None]:
    """By primary key: what each user may no longer receive, among the topics given.

    None where the policy raised for this user: the others are checked all the same.
    """
    users = get_user_model()._default_manager.in_bulk(list(topics))
    refused: dict[Any, set[str] | None] = {}
    raised: list[Exception] = []
    for pk, wanted in topics.items():
        try:
            refused[pk] = set(policy.refusals(users.get(pk), wanted))
        except (OperationalError, InterfaceError):
            raise  # The database is away, for everybody.
        except Exception as error:  # A policy of the project's own may raise anything.
            refused[pk] = None
            raised.append(error)
    if raised:
        text = "the policy raised for %d of %d users, the first time:"
        logger.error(text, len(raised), len(topics), exc_info=raised[0])
    return refused
