"""Which session belongs to which user; a deleted user's sessions end with the account."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone

from hub import session_digest
from orders.announcement import NOTHING, Announcement, Revocation
from orders.models import SessionOwner, User


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
    users = User.objects.using(using).select_for_update(no_key=True).filter(pk=user)
    if users.values_list("pk", flat=True).first() is not None:
        owners.update_or_create(session=session, defaults={"person_id": user})


def ending(session: Session, using: str) -> Announcement:
    """What a session that is being deleted tells; a visitor's and an expired one tell nothing."""
    if session.expire_date <= timezone.now():
        return NOTHING
    owners = SessionOwner.objects.using(using).filter(session=session.pk)
    user: Any = owners.values_list("person", flat=True).first()
    if user is None:
        return NOTHING
    digest = session_digest(session.session_key)
    return Announcement(revocations=[Revocation(user, "logout", digest)])


def end_sessions(user: User) -> None:
    """Delete the user's sessions. Their sockets are closed."""
    Session.objects.filter(owner__person=user.pk).delete()


def delete_sessions(user: User, using: str) -> None:
    """Delete the sessions of a user who is about to be deleted.

    The sessions lose their owner first, so that the user hears of the deletion and not of
    log-outs before it.
    """
    owners = SessionOwner.objects.using(using).filter(person=user.pk)
    keys = list(owners.values_list("session", flat=True))
    owners.delete()
    Session.objects.using(using).filter(pk__in=keys).delete()
