"""The user's preferences and mutes, which the browser applies to the events it gets."""

from collections.abc import Iterable
from typing import Any

from hub.inbox import preferences

ANY = "*"


def event_filters(user_id: Any) -> dict[str, str]:
    """For "toast" and "inbox": patterns `topic/type` of events that the user does not get there.

    They are separated by spaces, such as "*/product.created product.12/*". One query for the
    choices, one for the mutes.
    """
    choices = preferences.preferences_of(user_id)
    mutes = preferences.mutes_of(user_id)
    return {
        means: _patterns(
            (type for type, choice in choices.items() if not getattr(choice, means)), mutes
        )
        for means in ("toast", "inbox")
    }


def _patterns(types: Iterable[str], mutes: Iterable[tuple[str, str]]) -> str:
    hidden = [
        *((ANY, type) for type in types),
        *((topic or ANY, type or ANY) for topic, type in mutes),
    ]
    return " ".join(f"{topic}/{type}" for topic, type in dict.fromkeys(hidden))
