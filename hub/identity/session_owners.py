"""Whose each session is: sessions end with the account, and their sockets with them."""

from typing import Any

from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.sessions.models import Session
from django.utils import timezone

from hub.models import SessionOwner
from hub.publishing.revocation import revoke, session_digest


def remember_owner(session: Session, using: str) -> None:
    """Store whose session this is.

    A log-in and a changed password both give a session a new key. So the saved session is read,
    and not the signal of what led to it.
    """
    user = session.get_decoded().get(SESSION_KEY)
    if user is None:
        return
    owners = SessionOwner.objects.using(using)
    if owners.filter(session=session, person=user).exists():
        return
    # The lock lets a deletion of the user come before this or after it, not in between.
    users = get_user_model()._base_manager.using(using).select_for_update(no_key=True)
    if users.filter(pk=user).values_list("pk", flat=True).first() is not None:
        owners.update_or_create(session=session, defaults={"person_id": user})


def revoke_session(session: Session, using: str) -> None:
    """Close the sockets of a session that is being deleted and has neither expired nor no user."""
    if session.expire_date <= timezone.now():
        return
    owners = SessionOwner.objects.using(using).filter(session=session.pk)
    user: Any = owners.values_list("person", flat=True).first()
    if user is not None:
        revoke(user, "logout", session_digest(session.session_key))


def end_sessions(user: Any) -> None:
    """Delete the sessions of this user, who is logged out everywhere. Their sockets are closed."""
    Session.objects.filter(owner__person=user.pk).delete()


def forget_sessions(user: Any, using: str) -> None:
    """Delete the sessions of a user who is about to be deleted.

    The sessions lose their owner first, so that the user hears of the deletion and not of
    log-outs before it.
    """
    owners = SessionOwner.objects.using(using).filter(person=user.pk)
    keys = list(owners.values_list("session", flat=True))
    owners.delete()
    Session.objects.using(using).filter(pk__in=keys).delete()
