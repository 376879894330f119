"""The user's preferences, mutes and quiet hours, which the browser applies to what it gets."""

from collections.abc import Iterable
from typing import Any

from hub.inbox import preferences
from hub.inbox.quiet_hours import quiet_hours_of

ANY = "*"


def event_filters(user_id: Any) -> dict[str, str]:
    """For "toast" and "inbox": patterns `topic/type` of events that the user does not get there.

    They are separated by spaces, such as "*/product.created product.12/*". "quiet" are the user's
    quiet hours, such as "22:00 07:00 Europe/Berlin", and the types that they do not concern. One
    query for the choices, one for the mutes, one for the hours.
    """
    choices = preferences.preferences_of(user_id)
    mutes = preferences.mutes_of(user_id)
    patterns = {
        means: _patterns(
            (type for type, choice in choices.items() if not getattr(choice, means)), mutes
        )
        for means in ("toast", "inbox")
    }
    return patterns | {"quiet": _quiet(user_id)}


def _quiet(user_id: Any) -> str:
    hours = quiet_hours_of(user_id)
    if hours is None:
        return ""
    spared = sorted(preferences.security_types())
    return " ".join([f"{hours.begins:%H:%M}", f"{hours.ends:%H:%M}", hours.zone, *spared])


def _patterns(types: Iterable[str], mutes: Iterable[tuple[str, str]]) -> str:
    hidden = [
        *((ANY, type) for type in types),
        *((topic or ANY, type or ANY) for topic, type in mutes),
    ]
    return " ".join(f"{topic}/{type}" for topic, type in dict.fromkeys(hidden))
