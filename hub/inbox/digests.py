"""How often a user gets the emails of a type: each at once, or several in one, hourly or daily.

In all functions `person` is a user's primary key.
"""

import datetime
from collections.abc import Collection, Mapping
from typing import Any, Literal, get_args

from django.db import router, transaction

from hub.events import declared_types
from hub.inbox.changes import publish_preferences_change
from hub.inbox.preferences import PreferenceError, defaults, security_types
from hub.models import EmailDigest
from hub.models.chunks import in_chunks

Digest = Literal["now", "hourly", "daily"]
DIGESTS: tuple[Digest, ...] = get_args(Digest)
MORNING = 8  # o'clock in the user's zone, when daily emails go out


def digestible_types() -> set[str]:
    """The types whose emails may wait for others."""
    at_once = {kind.type for kind in declared_types() if not kind.mail_digest}
    mailed = {type for type, choice in defaults().items() if choice.email}
    return mailed - at_once - security_types()


def digests_of(person: object) -> dict[str, Digest]:
    """The user's choice for each type that has one."""
    found = digests_of_many([str(person)])
    return {type: found.get((str(person), type), "now") for type in sorted(digestible_types())}


def digests_of_many(people: Collection[str]) -> dict[tuple[str, str], Digest]:
    """By (person, type) the choices of these users (keys as text) that are not "now"."""
    found: dict[tuple[str, str], Digest] = {}
    possible = digestible_types()
    for keys in in_chunks(sorted(people)):
        rows: Any = EmailDigest.objects.filter(person__in=keys, type__in=possible)
        rows = rows.values_list("person", "type", "every")
        found |= {(person, type): every for person, type, every in rows if every in DIGESTS}
    return found


def choose_digests(person: object, changes: Mapping[str, Digest]) -> None:
    """Store choices by type; what is not named stays. Told to the user's open tabs.

    Raises PreferenceError for a type whose emails do not wait; nothing is written then.
    """
    for type, every in changes.items():
        if every not in DIGESTS or (every != "now" and type not in digestible_types()):
            raise PreferenceError(f"emails for {type!r} go out at once")
    with transaction.atomic(using=router.db_for_write(EmailDigest)):
        before = digests_of(person)
        for type, every in changes.items():
            if every == "now":
                EmailDigest.objects.filter(person=str(person), type=type).delete()
            else:
                EmailDigest.objects.update_or_create(
                    person=str(person), type=type, defaults={"every": every}
                )
        if digests_of(person) != before:
            publish_preferences_change(person)


def last_sending(every: Digest, zone: datetime.tzinfo, now: datetime.datetime) -> datetime.datetime:
    """When digests of this kind went out last: what was due before goes out now."""
    local = now.astimezone(zone)
    if every == "hourly":
        return local.replace(minute=0, second=0, microsecond=0)
    today = local.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    return today if today <= local else today - datetime.timedelta(days=1)


def next_sending(every: Digest, zone: datetime.tzinfo, now: datetime.datetime) -> datetime.datetime:
    """When they go out next."""
    step = datetime.timedelta(hours=1) if every == "hourly" else datetime.timedelta(days=1)
    return last_sending(every, zone, now) + step


def forget_digests(people: Collection[Any]) -> None:
    """Remove the choices of deleted users."""
    for keys in in_chunks([str(key) for key in people]):
        EmailDigest.objects.filter(person__in=keys).delete()
