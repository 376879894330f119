"""The user's notification preferences and mutes."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from frontend.labels import offered_types, topic_labels, type_label
from hub import preferences
from hub.errors import HubError
from hub.preferences import MEANS, Choice


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """Toast, inbox and email for each event type, and the list of mutes."""
    user = request.user
    chosen, possible = preferences.preferences_of(user.pk), preferences.defaults()
    types = offered_types(list(chosen), user.is_staff)
    locked = preferences.security_types()
    if request.method == "POST":
        preferences.choose(
            user.pk,
            {
                type: {means: f"{type}:{means}" in request.POST for means in _means(possible[type])}
                for type in types
                if type not in locked
            },
        )
        messages.success(request, "Your preferences were saved.")
        return redirect("preferences")
    context = {
        "rows": [
            {
                "label": type_label(type),
                "is_locked": type in locked,
                "boxes": _boxes(type, chosen[type], possible[type]),
            }
            for type in types
        ],
        "mutes": _mutes(user.pk),
    }
    return render(request, "frontend/preferences.html", context)


@require_POST
@login_required
def mute(request: HttpRequest) -> HttpResponse:
    """Mute a topic, a type or both; with `on=0`, unmute."""
    topic, type = request.POST.get("topic", ""), request.POST.get("type", "")
    is_on = request.POST.get("on") != "0"
    change = preferences.mute if is_on else preferences.unmute
    try:
        if "\0" in topic + type:  # PostgreSQL refuses to compare with it
            raise ValueError("NUL")
        change(request.user.pk, topic=topic, type=type)
    except (HubError, ValueError):
        messages.error(request, "This cannot be muted.")
    else:
        done = "Muted. You can unmute it below at any time." if is_on else "Unmuted."
        messages.success(request, done)
    return redirect("preferences")


def _means(possible: Choice) -> list[Any]:
    """The means that can be chosen for a type: email only if the type has one."""
    return [means for means in MEANS if means != "email" or possible.email]


def _boxes(type: str, chosen: Choice, possible: Choice) -> list[dict[str, Any]]:
    return [
        {
            "name": f"{type}:{means}",
            "means": means,
            "is_on": getattr(chosen, means),
            "is_possible": means in _means(possible),
        }
        for means in MEANS
    ]


def _mutes(user_id: Any) -> list[dict[str, str]]:
    mutes = preferences.mutes_of(user_id)
    labels = topic_labels({topic for topic, _ in mutes if topic})
    return [
        {
            "topic": topic,
            "type": type,
            "label": ": ".join(
                [*([labels[topic]] if topic else []), *([type_label(type)] if type else [])]
            ),
        }
        for topic, type in mutes
    ]
