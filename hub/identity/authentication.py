"""Authentication: which user a connection belongs to, and which topics it may receive.

This is the one place that asks the policy for sockets: when a client connects, when it subscribes,
and when a right was lost. Every function here queries the database.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils.crypto import constant_time_compare, salted_hmac

from hub import log
from hub.events import data_of
from hub.identity import tickets
from hub.identity.sessions import sessions_data
from hub.identity.tickets import Ticket, TicketInvalid
from hub.identity.users import active_users
from hub.log.intervals import intervals_of_users
from hub.log.readable import read_row
from hub.models import Event
from hub.policy import Policy, Refusal
from hub.publishing.control_events import RightsRevoked
from hub.publishing.revocation import session_digest
from hub.topics import user_topic


class Identity(msgspec.Struct, frozen=True):
    """The user of a connection, as authenticated.

    `session` is the session's digest, None without a session. `session_key` came with the cookie
    or encrypted in the ticket. `auth` is a digest of the password hash at the time.
    """

    pk: Any
    name: str
    session: str | None
    session_key: str | None
    auth: str

    @property
    def topic(self) -> str:
        return user_topic(self.pk)

    @property
    def public(self) -> dict[str, Any]:
        """What the user's own client is told."""
        return {"id": self.pk, "name": self.name}


class Credentials(msgspec.Struct, frozen=True):
    """What a client presents: a verified ticket, else a session key, else nothing."""

    ticket: Ticket | None = None
    session_key: str | None = None


class _Logout(msgspec.Struct, frozen=True):
    """A session that ended; None: all of the user's."""

    topic: str
    position: int
    session: str | None


class Arrival(msgspec.Struct, frozen=True):
    """A client that connects: the topics it requests, and the position from which it resumes."""

    credentials: Credentials
    topics: Collection[str]
    after: int


class Authentication(msgspec.Struct, frozen=True):
    """The result for a connecting client. `own`: (topic, since, until) of its subscriptions."""

    user: Identity | None
    own: list[tuple[str, int, int | None]]
    refused: Mapping[str, Refusal]
    state: log.State


def authenticate(
    policy: Policy, arrivals: Sequence[Arrival]
) -> list[Authentication | TicketInvalid]:
    """Identify clients and check the topics that they request; the results in the same order.

    It takes as many statements for a hundred of them as for one, and the policy's own.
    TicketInvalid is the result where the ticket's user is gone or its session has ended; an unknown
    session is an anonymous visitor. Raises what sessions and policy raise, for all of them.
    """
    # The log's state first: a position from another process is at or below this head only if
    # everything up to it was committed before the users are read.
    state = log.state()
    users = _identify([one.credentials for one in arrivals])
    afters: dict[str, int] = {}
    for user, one in zip(users, arrivals, strict=True):
        if user is not None and not isinstance(user, TicketInvalid):
            afters[str(user.pk)] = min(one.after, afters.get(str(user.pk), one.after))
    intervals = intervals_of_users(afters)
    checks: list[_Check] = []
    for user, one in zip(users, arrivals, strict=True):
        if not isinstance(user, TicketInvalid):
            found = [] if user is None else intervals.get(str(user.pk), [])
            own = [each for each in found if each[2] is None or each[2] > one.after]
            checks.append(_Check(one, user, own, {*one.topics, *(topic for topic, *_ in own)}))
    refused = iter(_refused(policy, [(one.user, one.topics) for one in checks]))
    answers = iter(one.answer(state, next(refused)) for one in checks)
    return [user if isinstance(user, TicketInvalid) else next(answers) for user in users]


class _Check(msgspec.Struct, frozen=True):
    """A client whose user is known, None for a visitor, and all topics to ask the policy about."""

    arrival: Arrival
    user: Any | None
    own: list[tuple[str, int, int | None]]
    topics: Collection[str]

    def answer(self, state: log.State, refusals: Mapping[str, Refusal]) -> Authentication:
        refused = {topic: refusals[topic] for topic in self.arrival.topics if topic in refusals}
        if self.user is None:
            return Authentication(None, [], refused, state)
        identity = _identity_of(self.user, self.arrival.credentials)
        own = [one for one in self.own if one[0] not in refusals]
        return Authentication(identity, [(identity.topic, 0, None), *own], refused, state)


def answers_many(policy: Policy) -> bool:
    """Whether the policy's `refusals_many` is more than a call of a project's code for each."""
    kind = type(policy)
    return kind.refusals_many is not Policy.refusals_many or kind.refusals is Policy.refusals


def _refused(
    policy: Policy, wanted: Sequence[tuple[Any | None, Collection[str]]]
) -> list[Mapping[str, Refusal]]:
    """The refusals for each user, with their codes."""
    if len(wanted) == 1:
        return [policy.refusals(*wanted[0])]
    found: list[Mapping[str, Refusal]] = []
    for (user, topics), refused in zip(wanted, policy.refusals_many(wanted), strict=True):
        codes: Mapping[str, Refusal] = refused if isinstance(refused, Mapping) else {}
        if refused and not codes:
            # It may name topics alone. What either of its two answers refuses is refused.
            codes = {**dict.fromkeys(refused, "forbidden"), **policy.refusals(user, topics)}
        found.append(codes)
    return found


def refusals(
    policy: Policy, identity: Identity | None, topics: Collection[str]
) -> dict[str, Refusal] | None:
    """The topics that this user may not receive now; None: the account is gone or inactive."""
    user = None if identity is None else _active_user(identity.pk)
    if identity is not None and user is None:
        return None
    return policy.refusals(user, topics)


def has_present_password(identity: Identity) -> bool:
    """Whether this user was authenticated with the password that the account has now."""
    user = _active_user(identity.pk)
    return user is not None and is_present_password(user, identity.auth)


def issue_ticket(user: Any, session_key: str | None, position: int) -> Ticket:
    """A ticket for a user that was read after `position` was."""
    session = session_digest(session_key)
    return Ticket(str(user.pk), position, session, auth_digest(user), session_key or None)


def signed_ticket(user: Any) -> str:
    """A signed ticket that ends with the user, not with a session."""
    position = log.state().head  # Before the user is read: a right lost since is in the log.
    fresh = type(user)._default_manager.get(pk=user.pk)
    return tickets.sign(issue_ticket(fresh, None, position))


def _identify(credentials: Sequence[Credentials]) -> list[Any]:
    """The user of each, None for a visitor, or TicketInvalid."""
    presented = [one.ticket.session_key if one.ticket else one.session_key for one in credentials]
    sessions = sessions_data({key for key in presented if key is not None})
    signed_in = [
        one.ticket.user if one.ticket else sessions.get(one.session_key or "", {}).get(SESSION_KEY)
        for one in credentials
    ]
    users = active_users({key for key in signed_in if key is not None})
    logouts = _logouts([one.ticket for one in credentials if one.ticket])
    found: list[Any] = []
    for one, key in zip(credentials, signed_in, strict=True):
        user = users.get(key)
        if one.ticket is not None:
            found.append(_why_ended(user, one.ticket, logouts, sessions) or user)
        else:
            session = sessions.get(one.session_key or "", {})
            found.append(user if user is not None and _is_signed_in(user, session) else None)
    return found


def _identity_of(user: Any, credentials: Credentials) -> Identity:
    ticket, key = credentials.ticket, credentials.session_key
    session = session_digest(key)
    if ticket is not None:
        session, key = ticket.session, ticket.session_key
    return Identity(user.pk, user.get_username(), session, key, auth_digest(user))


def _active_user(pk: Any) -> Any | None:
    return active_users([pk]).get(pk)


def _why_ended(
    user: Any | None, ticket: Ticket, logouts: Collection[_Logout], sessions: Collection[str]
) -> TicketInvalid | None:
    if user is None or not is_present_password(user, ticket.auth):
        return TicketInvalid("the ticket's account has ended or changed its password")
    if ticket.session is not None and any(
        # Without a session the user was logged out everywhere.
        one.topic == user_topic(user.pk)
        and one.position > ticket.position
        and one.session in (None, ticket.session)
        for one in logouts
    ):
        return TicketInvalid("the ticket's session has ended")
    # It may also have ended without an event: it expired, or was deleted with raw SQL.
    if ticket.session_key is not None and ticket.session_key not in sessions:
        return TicketInvalid("the ticket's session is gone")
    return None


def _logouts(tickets: Collection[Ticket]) -> list[_Logout]:
    """The log-outs of these tickets' users since the oldest of the tickets."""
    of_sessions = [one for one in tickets if one.session is not None]
    if not of_sessions:
        return []
    revocations = Event.objects.filter(
        topic__in={user_topic(one.user) for one in of_sessions},
        type=RightsRevoked.type,
        position__gt=min(one.position for one in of_sessions),
    )
    rows: Iterable[Any] = revocations.values_list("position", "topic", "type", "frame")
    read = [(row, data_of(row.tail)) for row in (read_row(*one) for one in rows)]
    return [
        _Logout(row.topic, row.position, data["session"])
        for row, data in read
        if data["reason"] == "logout"
    ]


def _is_signed_in(user: Any, session: Mapping[str, Any]) -> bool:
    """Like `django.contrib.auth.get_user`, but writes nothing: no flush, no key rotation."""
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    stored = session.get(HASH_SESSION_KEY, "")
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(stored, one) for one in hashes)


def auth_digest(user: Any) -> str:
    """A digest that changes with the user's password, under the present SECRET_KEY."""
    return _auth_digest(user.get_session_auth_hash(), settings.SECRET_KEY)


def is_present_password(user: Any, digest: str) -> bool:
    """Whether this is the `auth_digest` of the present password, under any key."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(
        constant_time_compare(digest, _auth_digest(one, key))
        for one, key in zip(hashes, keys, strict=True)
    )


def _auth_digest(session_auth_hash: str, key: str | bytes) -> str:
    # As tickets of a server before the upgrade have it: Django 2028 changes the default.
    digest = salted_hmac("hub.ticket.auth", session_auth_hash, secret=key, algorithm="sha1")
    return digest.hexdigest()[:16]
