"""Revocations: a lost right is an event in the log, so it reaches each socket in order."""

import hashlib
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.db import router, transaction
from django.dispatch import receiver

from hub.models import Event
from hub.publishing.control_events import RightsRevoked
from hub.publishing.publisher import publish_many
from hub.topics import user_topic

REASONS = ("logout", "password", "deactivated", "deleted", "staff", "permissions")


def revoke(person: object, reason: str, session: str | None = None) -> None:
    """Make a user's open sockets follow a lost right after the commit.

    `person` is the user's primary key. `reason` is one of REASONS: `staff` and `permissions`
    re-check every topic, the others close the sockets. `session`, a `session_digest`, limits it to
    the sockets of one session. Publish it after the last event that the user should still receive.
    Needs a transaction, as `publish` does.
    """
    _revoke([person], reason, session)


def revoke_many(people: Iterable[object], reason: str) -> None:
    """As `revoke`, for many users, given by their primary keys, with one INSERT."""
    _revoke(people, reason, None)


def _revoke(people: Iterable[object], reason: str, session: str | None) -> None:
    if reason not in REASONS:
        raise ValueError(f"a revocation's reason is one of {REASONS}, not {reason!r}")
    revocation = RightsRevoked(reason=reason, session=session)
    publish_many((revocation, user_topic(person)) for person in people)


def session_digest(session_key: str | None) -> str | None:
    """A name for a session in the log and in tickets that does not reveal its key.

    It does not depend on SECRET_KEY, so that all processes agree about it while a new secret is
    rolled out. A session's key is too long to be guessed from it.
    """
    if not session_key:
        return None
    return hashlib.sha256(f"hub.session:{session_key}".encode()).hexdigest()[:32]


@receiver(user_logged_out, dispatch_uid="hub.session_ended")
def end_session(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    if user is None:
        return
    key = getattr(request.session, "session_key", None)
    with transaction.atomic(using=router.db_for_write(Event)):
        # Django ends the session after this signal. A client that connects with its cookie once the
        # revocation is out must not be let in, so the session ends here. One that is stored in its
        # cookie has no row to remove.
        if key and request.session.exists(key):
            request.session.delete(key)
        revoke(user.pk, "logout", session_digest(key))
