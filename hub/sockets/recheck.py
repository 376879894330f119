"""Within every minute everybody who is connected is checked again.

Rights that are lost through the models are events and take effect at once. This is for what no
event tells: raw SQL, an expired session, a policy that asks somebody else.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError
from django.utils.crypto import constant_time_compare

from hub.concurrency.threads import DatabaseThreads
from hub.identity.authentication import Identity, auth_digest, living_sessions
from hub.policy import Policy
from hub.sockets.close_codes import REVOKED, UNCHECKED
from hub.sockets.registry import Connected, ConnectionRegistry

logger = logging.getLogger("hub.rechecking")

EVERY = 50.0  # seconds: with the check itself, all within a minute
RETRY = 2.0  # seconds until a check that failed is made again
CHUNK = 500  # people asked about at once


async def run(connections: ConnectionRegistry, database: DatabaseThreads, policy: Policy) -> None:
    """Check again, for as long as the hub runs."""
    works = True
    while True:
        await asyncio.sleep(EVERY if works else RETRY)
        try:
            await recheck(connections, database, policy)
            works = True
        except DatabaseError as error:
            # Nobody is signed out because the database is away.
            if works:
                logger.warning("cannot check who may hear what, trying again: %s", error)
            works = False
        except Exception:  # What holds the sessions may raise anything.
            if works:
                logger.exception("checking who may hear what failed, trying again")
            works = False


async def recheck(
    connections: ConnectionRegistry, database: DatabaseThreads, policy: Policy
) -> None:
    """One round: end who is no longer who they were, take topics that are no longer theirs."""
    everybody = connections.of_people()
    for start in range(0, len(everybody), CHUNK):
        some = everybody[start : start + CHUNK]
        lost = await database.run(lost_standing, {person for person, _ in some})
        staying = [(person, one) for person, one in some if person not in lost]
        for person, one in some:
            if person in lost:
                one.end(REVOKED[lost[person]])
        wanted = _topics_by_person(staying)
        refused = await database.run(refusals_of, policy, wanted)
        for person, one in staying:
            gone = refused[person.pk]
            if gone is None:
                one.end(UNCHECKED)
            elif gone := gone & one.hearing.topics():
                one.hearing.lose(gone)


def _topics_by_person(some: Iterable[tuple[Identity, Connected]]) -> dict[Any, set[str]]:
    wanted: dict[Any, set[str]] = {}
    for person, one in some:
        wanted.setdefault(person.pk, set()).update(one.hearing.topics())
    return wanted


def lost_standing(people: Collection[Identity]) -> dict[Identity, str]:
    """Who is signed in no longer, and why: one of the reasons in `closing.REVOKED`."""
    users = get_user_model()._default_manager.in_bulk([person.pk for person in people])
    sessions = living_sessions({p.session_key for p in people if p.session_key is not None})
    lost: dict[Identity, str] = {}
    for person in people:
        user: Any = users.get(person.pk)
        if user is None:
            lost[person] = "deleted"
        elif not user.is_active:
            lost[person] = "deactivated"
        elif not constant_time_compare(auth_digest(user), person.auth):
            lost[person] = "password"
        elif person.session_key is not None and person.session_key not in sessions:
            lost[person] = "logout"
    return lost


def refusals_of(policy: Policy, wanted: dict[Any, set[str]]) -> dict[Any, set[str] | None]:
    """By primary key: what each person may no longer hear, among what they hear.

    None where the policy raised for this person: the others are checked all the same.
    """
    users = get_user_model()._default_manager.in_bulk(list(wanted))
    refused: dict[Any, set[str] | None] = {}
    raised: list[Exception] = []
    for pk, topics in wanted.items():
        try:
            refused[pk] = set(policy.refusals(users.get(pk), topics))
        except (OperationalError, InterfaceError):
            raise  # The database is away, for everybody.
        except Exception as error:  # A policy of the project's own may raise anything.
            refused[pk] = None
            raised.append(error)
    if raised:
        told = "the policy raised for %d of %d people, the first time:"
        logger.error(told, len(raised), len(wanted), exc_info=raised[0])
    return refused
