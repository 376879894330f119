"""The user's preferences and mutes for toasts, which the browser applies to the events it gets."""

from typing import Any

from django.http import HttpRequest

from hub import preferences

ANY = "*"


def hub_filter(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `hub_filter`, such as "*/product.created product.12/*".

    Patterns `topic/type` of events that make no toast, separated by spaces; empty for anonymous
    visitors. The database is queried only if a template shows it.
    """

    def patterns() -> str:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return ""
        choices = preferences.preferences_of(user.pk)
        off = [(ANY, type) for type, choice in choices.items() if not choice.toast]
        mutes = [(topic or ANY, type or ANY) for topic, type in preferences.mutes_of(user.pk)]
        return " ".join(f"{topic}/{type}" for topic, type in dict.fromkeys([*off, *mutes]))

    return {"hub_filter": patterns}
