"""What a person wants to be told, and by what means, as a plain form."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from frontend.labels import kind_name, offered, topic_names
from hub import preferences
from hub.errors import HubError
from hub.preferences import MEANS, Choice


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """Toast, inbox and mail for each kind; and what is muted."""
    person = request.user
    chosen, possible = preferences.preferences_of(person.pk), preferences.defaults()
    kinds = offered(list(chosen), person.is_staff)
    if request.method == "POST":
        preferences.choose(
            person.pk,
            {
                type: {means: f"{type}:{means}" in request.POST for means in _means(possible[type])}
                for type in kinds
            },
        )
        messages.success(request, "Your choices were saved.")
        return redirect("preferences")
    context = {
        "kinds": [
            {"name": kind_name(type), "boxes": _boxes(type, chosen[type], possible[type])}
            for type in kinds
        ],
        "mutes": _mutes(person.pk),
    }
    return render(request, "frontend/preferences.html", context)


@require_POST
@login_required
def mute(request: HttpRequest) -> HttpResponse:
    """Mute a topic, a kind or both; with `on=0`, take that back."""
    topic, type = request.POST.get("topic", ""), request.POST.get("type", "")
    is_on = request.POST.get("on") != "0"
    change = preferences.mute if is_on else preferences.unmute
    try:
        change(request.user.pk, topic=topic, type=type)
    except HubError:
        messages.error(request, "That cannot be muted.")
    else:
        done = "Muted. Take it back below at any time." if is_on else "No longer muted."
        messages.success(request, done)
    return redirect("preferences")


def _means(possible: Choice) -> list[Any]:
    """What may be chosen for a kind: mail only where there is one."""
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


def _mutes(person: Any) -> list[dict[str, str]]:
    mutes = preferences.mutes_of(person)
    names = topic_names({topic for topic, _ in mutes if topic})
    return [
        {
            "topic": topic,
            "type": type,
            "name": ": ".join(
                [*([names[topic]] if topic else []), *([kind_name(type)] if type else [])]
            ),
        }
        for topic, type in mutes
    ]
