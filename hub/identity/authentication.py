"""Authentication: which user a connection belongs to, and which topics it may receive.

This is the one place that asks the policy for sockets: when a client connects, when it subscribes,
and when a right was lost. Every function here queries the database.
"""

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.core.exceptions import ValidationError
from django.utils.crypto import constant_time_compare, salted_hmac

from hub import log
from hub.events import data_of
from hub.identity import tickets
from hub.identity.sessions import living_sessions, session_data
from hub.identity.tickets import Ticket, TicketInvalid
from hub.log.intervals import intervals_of
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


class Authentication(msgspec.Struct, frozen=True):
    """The result for a connecting client. `own`: (topic, since, until) of its subscriptions."""

    user: Identity | None
    own: list[tuple[str, int, int | None]]
    refused: dict[str, Refusal]
    state: log.State


def authenticate(
    policy: Policy, credentials: Credentials, topics: Collection[str], after: int
) -> Authentication:
    """Identify a client and check the topics that it requests.

    `after`: the position from which it resumes. Raises TicketInvalid if the ticket's user is gone
    or its session has ended; an unknown session is an anonymous visitor.
    """
    # The log's state first: a position from another process is at or below this head only if
    # everything up to it was committed before the user is read.
    state = log.state()
    user = _identify(credentials)
    if user is None:
        return Authentication(None, [], policy.refusals(None, topics), state)
    identity = _identity_of(user, credentials)
    intervals = intervals_of(user.pk, after)
    refusals = policy.refusals(user, {*topics, *(topic for topic, *_ in intervals)})
    own = [one for one in intervals if one[0] not in refusals]
    refused = {topic: refusals[topic] for topic in topics if topic in refusals}
    return Authentication(identity, [(identity.topic, 0, None), *own], refused, state)


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


def _identify(credentials: Credentials) -> Any | None:
    if credentials.ticket is not None:
        return _user_of_ticket(credentials.ticket)
    if credentials.session_key is not None:
        return _user_of_session(credentials.session_key)
    return None


def _identity_of(user: Any, credentials: Credentials) -> Identity:
    ticket, key = credentials.ticket, credentials.session_key
    session = session_digest(key)
    if ticket is not None:
        session, key = ticket.session, ticket.session_key
    return Identity(user.pk, user.get_username(), session, key, auth_digest(user))


def _active_user(pk: Any) -> Any | None:
    try:
        user = get_user_model()._default_manager.filter(pk=pk).first()
    except (ValueError, ValidationError):
        return None
    return user if user is not None and user.is_active else None


def _user_of_ticket(ticket: Ticket) -> Any:
    user = _active_user(ticket.user)
    if user is None or not is_present_password(user, ticket.auth):
        raise TicketInvalid("the ticket's account has ended or changed its password")
    if ticket.session is not None and _has_logged_out(user, ticket):
        raise TicketInvalid("the ticket's session has ended")
    # It may also have ended without an event: it expired, or was deleted with raw SQL.
    if ticket.session_key is not None and not living_sessions([ticket.session_key]):
        raise TicketInvalid("the ticket's session is gone")
    return user


def _has_logged_out(user: Any, ticket: Ticket) -> bool:
    revocations = Event.objects.filter(
        topic=user_topic(user.pk), type=RightsRevoked.type, position__gt=ticket.position
    )
    rows: Iterable[Any] = revocations.values_list("position", "topic", "type", "frame")
    for row in rows:
        data = data_of(read_row(*row).tail)
        # Without a session the user was logged out everywhere.
        if data["reason"] == "logout" and data["session"] in (None, ticket.session):
            return True
    return False


def _user_of_session(key: str) -> Any | None:
    """Like `django.contrib.auth.get_user`, but writes nothing: no flush, no key rotation."""
    session = session_data(key)
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    user = _active_user(session.get(SESSION_KEY))
    if user is None:
        return None
    stored = session.get(HASH_SESSION_KEY, "")
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return user if any(constant_time_compare(stored, one) for one in hashes) else None


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
