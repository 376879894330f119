"""Preferences per event type and means, and mutes.

A choice filters what is shown or sent and never changes a subscription. So undoing a choice shows
again what was there all the time. A mute is about what comes after it. A change is told to the
user's open tabs. In all functions `person` is a user's primary key.
"""

from collections.abc import Collection, Mapping
from typing import Any, Literal, TypeVar, get_args

import msgspec
from django.db import router, transaction
from django.db.models import Q

from hub import log
from hub.errors import HubError
from hub.events import EventType, declared_types
from hub.inbox.changes import publish_preferences_change
from hub.models import Mute, Preference
from hub.models.chunks import in_chunks
from hub.topics import check_topic, user_topic

Means = Literal["toast", "inbox", "email"]
MEANS: tuple[Means, ...] = get_args(Means)
MAX_MUTES = 1_000  # per user; all are read whenever their inbox is read

Key = TypeVar("Key")


class PreferenceError(HubError, ValueError):
    """A choice that cannot be made; nothing was written. Its text is for the user."""


class Choice(msgspec.Struct, frozen=True):
    """The means by which one user gets events of one type."""

    toast: bool
    inbox: bool
    email: bool


def defaults() -> dict[str, Choice]:
    """Each type that users are shown, with the choice of a user who has made none."""
    found: dict[str, Choice] = {}
    for kind in declared_types():
        if is_shown(kind) and not kind.only_mail:
            known = found.get(kind.type)
            mailed = kind.mail or (known is not None and known.email)
            found[kind.type] = Choice(toast=True, inbox=True, email=mailed)
    return dict(sorted(found.items()))


def is_shown(kind: type[EventType]) -> bool:
    """Whether users are shown events of this class: those without a title are for programs."""
    return kind.title is not EventType.title


def security_types() -> set[str]:
    """The types about which users have no choice: stored ones do not count."""
    return {kind.type for kind in declared_types() if kind.security}


def hidden_types() -> set[str]:
    """The declared types that users are never shown."""
    return {kind.type for kind in declared_types()} - set(defaults())


def wants(people: Collection[Key], type: str, means: Means, topic: str | None = None) -> set[Key]:
    """Those of the users (primary keys) who want events of this type by this means.

    Users who muted the type are left out; with `topic`, the event's, so are those who muted that.
    """
    default = _default(type, means)
    if type in security_types():
        return set(people) if default else set()
    by_text = {str(key): key for key in people}
    chosen = set() if not default else set(by_text)
    for keys in in_chunks(sorted(by_text)):
        deviating = Preference.objects.filter(
            person__in=keys, type=type, means=means, wanted=not default
        )
        chosen.symmetric_difference_update(deviating.values_list("person", flat=True))
        muted = Mute.objects.filter(
            Q(topic="") | Q(topic=topic or ""), Q(type="") | Q(type=type), person__in=keys
        )
        chosen.difference_update(muted.values_list("person", flat=True))
    return {by_text[key] for key in chosen}


def preferences_of(person: object) -> dict[str, Choice]:
    """The user's choice for every type that can be chosen. Mutes are not considered."""
    choices = defaults()
    free = choices.keys() - security_types()
    rows = Preference.objects.filter(person=str(person), type__in=free)
    for type, means, wanted in rows.values_list("type", "means", "wanted"):
        if means in MEANS:
            choices[type] = msgspec.structs.replace(choices[type], **{means: wanted})
    return choices


def choose(person: object, changes: Mapping[str, Mapping[Means, bool]]) -> None:
    """Store choices, as {type: {means: wanted}}; what is not named stays.

    Raises PreferenceError for a type that users are not shown, for one that protects the account,
    and for emails of a type that has none; nothing is written then.
    """
    known = defaults()
    rows = []
    for type, by_means in changes.items():
        if type not in known:
            raise PreferenceError(f"there are no events of the type {type!r}")
        if by_means:
            _refuse_security(type)
        for means, wanted in by_means.items():
            if means == "email" and wanted and not known[type].email:
                raise PreferenceError(f"there are no emails for {type!r}")
            rows.append(Preference(person=str(person), type=type, means=means, wanted=wanted))
    if not rows:
        return
    with transaction.atomic(using=router.db_for_write(Preference)):
        before = preferences_of(person)
        # One statement, so that two forms sent at once do not collide.
        Preference.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["person", "type", "means"],
            update_fields=["wanted"],
        )
        if preferences_of(person) != before:
            publish_preferences_change(person)


def mute(person: object, *, topic: str = "", type: str = "") -> None:
    """Stop showing and sending the user events of a topic, a type, or a type on a topic.

    Those before are still shown, but no longer emailed. Muting again is a no-op. Raises
    PreferenceError for an unknown type, without topic and type, for the user's own topic without a
    type (it carries what protects the account), and above MAX_MUTES; BadTopic for a malformed
    topic.
    """
    if not topic and not type:
        raise PreferenceError("name a topic or a type to mute")
    if topic:
        check_topic(topic)
    if not type and topic == user_topic(person):
        raise PreferenceError(
            "your own topic carries notices that protect your account: mute a type"
        )
    if type and type not in defaults():
        raise PreferenceError(f"there are no events of the type {type!r}")
    _refuse_security(type)
    with transaction.atomic(using=router.db_for_write(Mute)):
        _, is_new = Mute.objects.get_or_create(
            person=str(person), topic=topic, type=type, defaults={"since": log.state().head}
        )
        if is_new and Mute.objects.filter(person=str(person)).count() > MAX_MUTES:
            raise PreferenceError(f"a user can have at most {MAX_MUTES:,} mutes")
        if is_new:
            publish_preferences_change(person)


def unmute(person: object, *, topic: str = "", type: str = "") -> None:
    """Undo a `mute` that had the same arguments. Raises PreferenceError for what none can have."""
    if "\0" in topic + type:  # PostgreSQL refuses to compare with it
        raise PreferenceError("there is no such mute")
    with transaction.atomic(using=router.db_for_write(Mute)):
        gone, _ = Mute.objects.filter(person=str(person), topic=topic, type=type).delete()
        if gone:
            publish_preferences_change(person)


def mutes_of(person: object) -> list[tuple[str, str]]:
    """The (topic, type) of each of the user's mutes; an empty string stands for any."""
    return [(topic, type) for topic, type, _ in mutes_since(person)]


def mutes_since(person: object) -> list[tuple[str, str, int]]:
    """As `mutes_of`, each with the position after which it holds."""
    rows = Mute.objects.filter(person=str(person)).exclude(type__in=security_types())
    return list(rows.order_by("topic", "type").values_list("topic", "type", "since"))


def forget_preferences(people: Collection[Any]) -> None:
    """Remove the choices and mutes of deleted users."""
    for keys in in_chunks([str(key) for key in people]):
        Preference.objects.filter(person__in=keys).delete()
        Mute.objects.filter(person__in=keys).delete()


def _refuse_security(type: str) -> None:
    if type in security_types():
        raise PreferenceError(f"{type!r} protects your account and cannot be switched off")


def _default(type: str, means: Means) -> bool:
    """The choice for a type; one that is no longer declared is still shown, but not emailed."""
    if type in hidden_types():
        return False
    known = defaults().get(type, Choice(toast=True, inbox=True, email=False))
    return bool(getattr(known, means))
