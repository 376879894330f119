"""Revocations: losing a right is a fact in the log, so it reaches each socket in its order."""

from typing import Any, ClassVar

from django.contrib.auth.signals import user_logged_out
from django.db import router, transaction
from django.dispatch import receiver
from django.utils.crypto import salted_hmac

from hub.events import EventType
from hub.models import Event
from hub.publishing.publisher import publish
from hub.topics import user_topic

REASONS = ("logout", "password", "deactivated", "deleted", "staff", "permissions")


class RightsRevoked(EventType, frozen=True):
    """Never sent to a browser. `session` limits a logout to the sockets of that session."""

    type: ClassVar[str] = "rights.revoked"
    reason: str
    session: str | None = None


def revoke(person: object, reason: str, session: str | None = None) -> None:
    """Take effect on the person's open sockets after the commit.

    `reason` is one of REASONS: `staff` and `permissions` re-check every topic, the others close.
    `session` is a `session_digest`. Publish it after the last event the person should still get.
    Needs a transaction, as `publish` does.
    """
    if reason not in REASONS:
        raise ValueError(f"a revocation's reason is one of {REASONS}, not {reason!r}")
    publish(RightsRevoked(reason=reason, session=session), user_topic(person))


def session_digest(session_key: str | None) -> str | None:
    """Names a session in the log and in tickets without giving it away."""
    if not session_key:
        return None
    return salted_hmac("hub.session", session_key).hexdigest()[:32]


@receiver(user_logged_out, dispatch_uid="hub.session_ended")
def end_session(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    if user is None:
        return
    key = getattr(request.session, "session_key", None)
    with transaction.atomic(using=router.db_for_write(Event)):
        # Django ends the session after this signal. Whoever connects with its cookie when the
        # revocation is told already must not be let in: so it ends here. One that is held by its
        # cookie alone has nothing to remove.
        if key and request.session.exists(key):
            request.session.delete(key)
        revoke(user.pk, "logout", session_digest(key))
