"""Checks every connection again, within every minute.

A right that is lost through the models is an event and takes effect at once. This is for what no
event says: raw SQL, an expired session, a policy that asks another system.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from django.contrib.auth import get_user_model
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError

from hub.errors import PolicyHangs
from hub.identity.authentication import Identity, is_present_password
from hub.identity.sessions import living_sessions
from hub.models.chunks import in_chunks
from hub.policy import Policy
from hub.sockets.close_codes import REVOKED, UNCHECKED
from hub.sockets.driver import Driver
from hub.sockets.policy_threads import PolicyThreads
from hub.sockets.registry import ConnectionRegistry

logger = logging.getLogger("hub.rechecking")

RECHECK_INTERVAL = 50.0  # seconds from the start of one check to that of the next
RECHECK_BUDGET = 10.0  # seconds that a check may take: with the interval, all within a minute
RECHECK_RETRY_DELAY = 2.0  # seconds until a check that failed is made again
USERS_PER_CHECK = 1_000
TOPICS_PER_CHECK = 1_000  # of all anonymous connections together

Wanted = tuple[Any | None, Collection[str]]  # a user, and the topics that are received


async def run(connections: ConnectionRegistry, threads: PolicyThreads, policy: Policy) -> None:
    """Check again, for as long as the hub runs."""
    loop = asyncio.get_running_loop()
    works, pause = True, RECHECK_INTERVAL
    while True:
        await asyncio.sleep(pause)
        begun, count = loop.time(), len(connections)
        try:
            await recheck(connections, threads, policy)
            works = True
        except DatabaseError as error:
            # Nobody is signed out because the database is away.
            if works:
                logger.warning("cannot check who may receive what, trying again: %s", error)
            works = False
        except Exception:  # A session store may raise anything.
            if works:
                logger.exception("checking who may receive what failed, trying again")
            works = False
        took = loop.time() - begun
        pause = max(RECHECK_INTERVAL - took, RECHECK_RETRY_DELAY) if works else RECHECK_RETRY_DELAY
        if works and took > RECHECK_BUDGET:
            text = (
                "checking %d connections again took %.1f s, of %.0f s: rights that are lost "
                "without an event are noticed later than within a minute (Policy.refusals_many "
                "asks about many users at once)"
            )
            logger.warning(text, count, took, RECHECK_BUDGET)


async def recheck(connections: ConnectionRegistry, threads: PolicyThreads, policy: Policy) -> None:
    """One round: close connections whose sign-in is over, drop topics the user may not receive.

    Few statements per thousand users; all anonymous connections together are one more user.
    """
    for some in in_chunks(connections.by_user(), USERS_PER_CHECK):
        everyone = [one for of_one_user in some for one in of_one_user]
        topics = topics_by_identity(everyone)
        sign_ins = await threads.run(check_sign_ins, topics)
        staying: dict[Any, set[str]] = {}
        for identity, names in topics.items():
            if identity not in sign_ins.ended:
                staying.setdefault(identity.pk, set()).update(names)
        wanted = [(sign_ins.users[pk], names) for pk, names in staying.items()]
        refused = dict(zip(staying, await _refusals(threads, policy, wanted), strict=True))
        for identity, one in everyone:
            if identity in sign_ins.ended:
                one.end(REVOKED[sign_ins.ended[identity]])
            else:
                _lose(one, refused[identity.pk])
    visitors = connections.visitors()
    for public in in_chunks(_topics_of(visitors), TOPICS_PER_CHECK):
        (lost,) = await _refusals(threads, policy, [(None, public)])
        for one in visitors:
            _lose(one, lost)


async def _refusals(
    threads: PolicyThreads, policy: Policy, wanted: Sequence[Wanted]
) -> list[set[str] | None]:
    """As `refusals_of`; None for a user for whom the policy hangs, too."""
    found: list[set[str] | None] = []
    at_once = type(policy).refusals_many is not Policy.refusals_many
    while len(found) < len(wanted):
        some: list[set[str] | None] = []
        try:
            await threads.run(refusals_of, policy, wanted[len(found) :], some, at_once)
            found += some
        except PolicyHangs as error:
            logger.error("checking who may receive what: the policy hangs: %s", error)
            if not at_once:
                found += [*some, None]
            at_once = False
    return found


def _topics_of(some: Iterable[Driver]) -> list[str]:
    return list({topic for one in some for topic in one.topics()})


def topics_by_identity(some: Iterable[tuple[Identity, Driver]]) -> dict[Identity, set[str]]:
    topics: dict[Identity, set[str]] = {}
    for identity, one in some:
        topics.setdefault(identity, set()).update(one.topics())
    return topics


def _lose(one: Driver, refused: set[str] | None) -> None:
    if refused is None:
        one.end(UNCHECKED)
    elif lost := refused & one.topics():
        one.lose(lost)


class SignIns(msgspec.Struct, frozen=True):
    """The users by primary key, and the identities that are signed in no longer, with a reason."""

    users: dict[Any, Any]
    ended: dict[Identity, str]


def check_sign_ins(identities: Collection[Identity]) -> SignIns:
    users = get_user_model()._default_manager.in_bulk({one.pk for one in identities})
    return SignIns(users, ended_sign_ins(identities, users))


def ended_sign_ins(
    identities: Collection[Identity], users: Mapping[Any, Any]
) -> dict[Identity, str]:
    """The identities that are signed in no longer, each with its reason, a key of REVOKED."""
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


def refusals_of(
    policy: Policy, wanted: Sequence[Wanted], found: list[set[str] | None], at_once: bool
) -> None:
    """Add to `found` what each user may no longer receive, among the topics given with it.

    None where the policy raised for this user: the others are checked all the same. `at_once`: ask
    for all of them first.
    """
    if at_once:
        try:
            found += [set(one) for one in policy.refusals_many(wanted)]
            return
        except (OperationalError, InterfaceError):
            raise  # The database is away, for everybody.
        except Exception:
            logger.exception("the policy raised for %d users at once, asking for each", len(wanted))
    raised: list[Exception] = []
    for user, topics in wanted:
        try:
            found.append(set(policy.refusals(user, topics)))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # A policy of the project's own may raise anything.
            found.append(None)
            raised.append(error)
    if raised:
        text = "the policy raised for %d of %d users, the first time:"
        logger.error(text, len(raised), len(wanted), exc_info=raised[0])
