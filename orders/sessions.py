"""Whose sessions are whose; a deleted person's end with the account, in the same transaction."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone

from orders.models import SessionOwner, User


def remember_owner(session: Session, using: str) -> None:
    """Note whose session this is. Log-ins change its key, and so does a changed password, so
    what is stored is looked at rather than the event that led to it."""
    person = session.get_decoded().get(SESSION_KEY)
    if person is None:
        return
    owners = SessionOwner.objects.using(using)
    if owners.filter(session=session, person=person).exists():
        return
    # The lock lets a deletion of the person come before this or after it, not in between.
    people = User.objects.using(using).select_for_update(no_key=True).filter(pk=person)
    if people.values_list("pk", flat=True).first() is not None:
        owners.update_or_create(session=session, defaults={"person_id": person})


def owner(session: Session, using: str) -> Any:
    """The key of the person whom a session lets in; None for a visitor's and an expired one."""
    if session.expire_date <= timezone.now():
        return None
    owners = SessionOwner.objects.using(using).filter(session=session.pk)
    return owners.values_list("person", flat=True).first()


def end_sessions(person: User, using: str) -> None:
    """Delete the person's sessions.

    They are nobody's first: the person is to hear of the deletion, not of log-outs before it.
    """
    owners = SessionOwner.objects.using(using).filter(person=person.pk)
    keys = list(owners.values_list("session", flat=True))
    owners.delete()
    Session.objects.using(using).filter(pk__in=keys).delete()
