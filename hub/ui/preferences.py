"""The user's notification preferences and mutes."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from hub.errors import HubError
from hub.events import type_label
from hub.inbox import preferences
from hub.inbox.preferences import MEANS, Choice
from hub.pages.frame import show
from hub.policy import current_policy
from hub.ui import inbox
from hub.ui.done import remember
from hub.ui.names import mute_label, names_for

# With a context: Django has words like these, for other things.
MEANS_LABELS = {
    "toast": pgettext_lazy("means", "Toast"),
    "inbox": pgettext_lazy("means", "Inbox"),
    "email": pgettext_lazy("means", "Email"),
}
# What was done before the redirect, in the query string: a page needs no session for it.
NOTICES = {
    "saved": ("success", _("Your preferences were saved.")),
    "muted": ("success", _("Muted. You can unmute it below at any time.")),
    "unmuted": ("success", _("Unmuted.")),
    "refused": ("error", _("This cannot be muted.")),
}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """Toast, inbox and email for each event type, and the list of mutes."""
    user = request.user
    chosen, possible = preferences.preferences_of(user.pk), preferences.defaults()
    types = current_policy().offered_types(user, list(chosen))
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
        return _redirect("saved")
    context = {
        "notice": NOTICES.get(request.GET.get("done", "")),
        "means": MEANS_LABELS.values(),
        "rows": [
            {
                "label": type_label(type),
                "is_locked": type in locked,
                "boxes": _boxes(type, chosen[type], possible[type]),
            }
            for type in types
        ],
        "mutes": _mutes(user),
    }
    return show(request, "hub/preferences.html", context)


@require_POST
@login_required
def mute(request: HttpRequest) -> HttpResponse:
    """Mute a topic, a type or both; with `on=0`, unmute. With `back`, from the inbox."""
    topic, type = request.POST.get("topic", ""), request.POST.get("type", "")
    is_on = request.POST.get("on") != "0"
    change = preferences.mute if is_on else preferences.unmute
    try:
        change(request.user.pk, topic=topic, type=type)
    except HubError:
        return _redirect("refused")
    if "back" not in request.POST:
        return _redirect("muted" if is_on else "unmuted")
    response = redirect(inbox.page_path(request.POST["back"]))
    if not is_on:
        return remember(response, request, undone="1")
    name = mute_label(topic, type, names_for(request.user, {topic} if topic else set()))
    return remember(response, request, topic=topic, type=type, name=name)


def _redirect(done: str) -> HttpResponse:
    return redirect(f"{reverse('hub:preferences')}?done={done}")


def _means(possible: Choice) -> list[Any]:
    """The means that can be chosen for a type: email only if the type has one."""
    return [means for means in MEANS if means != "email" or possible.email]


def _boxes(type: str, chosen: Choice, possible: Choice) -> list[dict[str, Any]]:
    return [
        {
            "name": f"{type}:{means}",
            "means": MEANS_LABELS[means],
            "is_on": getattr(chosen, means),
            "is_possible": means in _means(possible),
        }
        for means in MEANS
    ]


def _mutes(user: Any) -> list[dict[str, str]]:
    mutes = preferences.mutes_of(user.pk)
    names = names_for(user, {topic for topic, _ in mutes if topic})
    return [
        {"topic": topic, "type": type, "label": mute_label(topic, type, names)}
        for topic, type in mutes
    ]
