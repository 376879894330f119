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
from django.utils.crypto import constant_time_compare

from hub.admission import Person, auth_digest, living_sessions
from hub.closing import REVOKED
from hub.connections import Connected, Connections
from hub.database import Database
from hub.policy import Policy

logger = logging.getLogger("hub.rechecking")

EVERY = 50.0  # seconds: with the check itself, all within a minute
CHUNK = 500  # people asked about at once


async def run(connections: Connections, database: Database, policy: Policy) -> None:
    """Check again, for as long as the hub runs."""
    while True:
        await asyncio.sleep(EVERY)
        try:
            await recheck(connections, database, policy)
        except DatabaseError as error:
            # Nobody is signed out because the database is away; the next one asks again.
            logger.warning("cannot check again who may hear what: %s", error)
        except Exception:  # A policy of the project's own may raise anything.
            logger.exception("checking again who may hear what failed")


async def recheck(connections: Connections, database: Database, policy: Policy) -> None:
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
            if gone := one.hearing.topics() & refused.get(person.pk, set()):
                one.hearing.lose(gone)


def _topics_by_person(some: Iterable[tuple[Person, Connected]]) -> dict[Any, set[str]]:
    wanted: dict[Any, set[str]] = {}
    for person, one in some:
        wanted.setdefault(person.pk, set()).update(one.hearing.topics())
    return wanted


def lost_standing(people: Collection[Person]) -> dict[Person, str]:
    """Who is signed in no longer, and why: one of the reasons in `closing.REVOKED`."""
    users = get_user_model()._default_manager.in_bulk([person.pk for person in people])
    sessions = living_sessions({p.session_key for p in people if p.session_key is not None})
    lost: dict[Person, str] = {}
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


def refusals_of(policy: Policy, wanted: dict[Any, set[str]]) -> dict[Any, set[str]]:
    """By primary key: what each person may no longer hear, among what they hear."""
    users = get_user_model()._default_manager.in_bulk(list(wanted))
    return {pk: set(policy.refusals(users.get(pk), topics)) for pk, topics in wanted.items()}
