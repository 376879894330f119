"""What people want to be told, and how: event type by means, and mutes.

A choice never touches a subscription: it filters where something is shown or sent. So a choice
that is taken back shows again what was there all the time.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal, TypeVar, get_args

import msgspec
from django.db import router, transaction
from django.db.models import Q

from hub.errors import HubError
from hub.events import EventType, declared_types
from hub.models import Mute, Preference
from hub.topics import check_topic

Means = Literal["toast", "inbox", "email"]
MEANS: tuple[Means, ...] = get_args(Means)
MAX_MUTES = 1_000  # of one person; each is looked at whenever their inbox is read
CHUNK = 500  # people asked about by one statement

Key = TypeVar("Key")


class PreferenceError(HubError, ValueError):
    """A choice that cannot be made; nothing was written. Its text is for the person."""


class Choice(msgspec.Struct, frozen=True):
    """What one person wants of one type, or what everybody gets who said nothing."""

    toast: bool
    inbox: bool
    email: bool


def defaults() -> dict[str, Choice]:
    """What may be chosen: each type that people are shown, with what it does by itself."""
    found: dict[str, Choice] = {}
    for kind in declared_types():
        if is_shown(kind):
            known = found.get(kind.type)
            mailed = kind.mail or (known is not None and known.email)
            found[kind.type] = Choice(toast=True, inbox=True, email=mailed)
    return dict(sorted(found.items()))


def is_shown(kind: type[EventType]) -> bool:
    """Whether people are shown events of this class at all: one without a title has no words."""
    return kind.title is not EventType.title


def hidden_types() -> set[str]:
    """The types that are for programs only."""
    return {kind.type for kind in declared_types()} - set(defaults())


def wants(people: Collection[Key], type: str, means: Means, topic: str | None = None) -> set[Key]:
    """Those among the people (primary keys) who want events of this type by this means.

    Who muted the type is left out, and with `topic`, the event's, who muted that.
    """
    default = _default(type, means)
    by_text = {str(person): person for person in people}
    chosen = set() if not default else set(by_text)
    for some in _chunks(sorted(by_text)):
        deviating = Preference.objects.filter(
            person__in=some, type=type, means=means, wanted=not default
        )
        chosen.symmetric_difference_update(deviating.values_list("person", flat=True))
        muted = Mute.objects.filter(
            Q(topic="") | Q(topic=topic or ""), Q(type="") | Q(type=type), person__in=some
        )
        chosen.difference_update(muted.values_list("person", flat=True))
    return {by_text[person] for person in chosen}


def preferences_of(person: object) -> dict[str, Choice]:
    """Every type that may be chosen, with what this person gets of it. Mutes are not counted."""
    choices = defaults()
    rows = Preference.objects.filter(person=str(person), type__in=choices)
    for type, means, wanted in rows.values_list("type", "means", "wanted"):
        if means in MEANS:
            choices[type] = msgspec.structs.replace(choices[type], **{means: wanted})
    return choices


def choose(person: object, changes: Mapping[str, Mapping[Means, bool]]) -> None:
    """Keep what the person chose: {type: {means: wanted}}; what is not named stays.

    Raises PreferenceError for a type that is not shown to people, and for mail of a type that
    has none; nothing is written then.
    """
    known = defaults()
    rows = []
    for type, by_means in changes.items():
        if type not in known:
            raise PreferenceError(f"there are no events of the type {type!r}")
        for means, wanted in by_means.items():
            if means == "email" and wanted and not known[type].email:
                raise PreferenceError(f"there is no mail for {type!r}")
            rows.append(Preference(person=str(person), type=type, means=means, wanted=wanted))
    if rows:
        # One statement: two forms that are sent at once do not collide.
        Preference.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["person", "type", "means"],
            update_fields=["wanted"],
        )


def mute(person: object, *, topic: str = "", type: str = "") -> None:
    """Show and send the person no events of this topic, this type, or this type on this topic.

    Raises PreferenceError for an unknown type, for nothing at all, and above MAX_MUTES;
    BadTopic for what is no topic. Repeating it changes nothing.
    """
    if not topic and not type:
        raise PreferenceError("name a topic or a type to mute")
    if topic:
        check_topic(topic)
    if type and type not in defaults():
        raise PreferenceError(f"there are no events of the type {type!r}")
    with transaction.atomic(using=router.db_for_write(Mute)):
        _, is_new = Mute.objects.get_or_create(person=str(person), topic=topic, type=type)
        if is_new and Mute.objects.filter(person=str(person)).count() > MAX_MUTES:
            raise PreferenceError(f"nobody can mute more than {MAX_MUTES:,} things")


def unmute(person: object, *, topic: str = "", type: str = "") -> None:
    """The reverse of `mute`, with the same names."""
    Mute.objects.filter(person=str(person), topic=topic, type=type).delete()


def mutes_of(person: object) -> list[tuple[str, str]]:
    """The (topic, type) of each mute; an empty one stands for any."""
    rows = Mute.objects.filter(person=str(person)).order_by("topic", "type")
    return list(rows.values_list("topic", "type"))


def forget_preferences(people: Collection[Any]) -> None:
    """Remove what deleted people chose."""
    for some in _chunks([str(person) for person in people]):
        Preference.objects.filter(person__in=some).delete()
        Mute.objects.filter(person__in=some).delete()


def _default(type: str, means: Means) -> bool:
    """Events of a type that is no longer declared are shown as they were, and not mailed."""
    if type in hidden_types():
        return False
    known = defaults().get(type, Choice(toast=True, inbox=True, email=False))
    return bool(getattr(known, means))


def _chunks(people: list[str]) -> Iterable[list[str]]:
    return (people[start : start + CHUNK] for start in range(0, len(people), CHUNK))
