"""The user's notification preferences, quiet hours and mutes."""

import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import router, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from hub.errors import HubError
from hub.events import type_label
from hub.inbox import preferences
from hub.inbox.digests import DIGESTS, choose_digests, digestible_types, digests_of
from hub.inbox.preferences import MEANS, Choice
from hub.inbox.quiet_hours import QuietHours, quiet_hours_of, set_quiet_hours
from hub.models import Preference
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
    "quiet": ("success", _("Your quiet hours were saved.")),
    "loud": ("success", _("You have no quiet hours any more.")),
    "hours": ("error", _("Quiet hours need a beginning, another end, and a known time zone.")),
}
EVERY_LABELS = {
    "off": pgettext_lazy("emails", "Off"),
    "now": pgettext_lazy("emails", "At once"),
    "hourly": pgettext_lazy("emails", "Hourly, in one"),
    "daily": pgettext_lazy("emails", "Daily, in one"),
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
        free = [type for type in types if type not in locked]
        with transaction.atomic(using=router.db_for_write(Preference)):
            preferences.choose(user.pk, {type: _wanted(request, type, possible) for type in free})
            choose_digests(user.pk, _digests(request, free))
        return _redirect("saved")
    digests = digests_of(user.pk)
    context = {
        "notice": NOTICES.get(request.GET.get("done", "")),
        "means": MEANS_LABELS.values(),
        "rows": [
            {
                "label": type_label(type),
                "is_locked": type in locked,
                "boxes": _boxes(type, chosen[type], possible[type], digests.get(type)),
            }
            for type in types
        ],
        "mutes": _mutes(user),
        "quiet": quiet_hours_of(user.pk),
        "site_zone": timezone.get_default_timezone_name(),
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


@require_POST
@login_required
def quiet_hours(request: HttpRequest) -> HttpResponse:
    """Set the user's quiet hours; with `on=0`, end them."""
    if request.POST.get("on") == "0":
        set_quiet_hours(request.user.pk, None)
        return _redirect("loud")
    begins, ends = (request.POST.get(name, "") for name in ("begins", "ends"))
    zone = request.POST.get("zone", "").strip()
    try:
        hours = QuietHours(
            datetime.time.fromisoformat(begins), datetime.time.fromisoformat(ends), zone
        )
        set_quiet_hours(request.user.pk, hours)
    except ValueError:  # PreferenceError is one
        return _redirect("hours")
    return _redirect("quiet")


def _wanted(request: HttpRequest, type: str, possible: dict[str, Choice]) -> dict[Any, bool]:
    """By means: a box that is ticked, or another choice than "off"."""
    return {
        means: request.POST.get(f"{type}:{means}", "off") != "off"
        for means in _means(possible[type])
    }


def _digests(request: HttpRequest, types: list[str]) -> dict[str, Any]:
    chosen = {type: request.POST.get(f"{type}:email") for type in types}
    possible = digestible_types()
    return {type: every for type, every in chosen.items() if type in possible and every in DIGESTS}


def _redirect(done: str) -> HttpResponse:
    return redirect(f"{reverse('hub:preferences')}?done={done}")


def _means(possible: Choice) -> list[Any]:
    """The means that can be chosen for a type: email only if the type has one."""
    return [means for means in MEANS if means != "email" or possible.email]


def _boxes(type: str, chosen: Choice, possible: Choice, digest: str | None) -> list[dict[str, Any]]:
    """What stands in a row: boxes, and for emails that may wait how often they come."""
    return [
        {
            "name": f"{type}:{means}",
            "means": MEANS_LABELS[means],
            "is_on": getattr(chosen, means),
            "is_possible": means in _means(possible),
            "every": _every(chosen, digest) if means == "email" and digest else [],
        }
        for means in MEANS
    ]


def _every(chosen: Choice, digest: str) -> list[tuple[str, Any, bool]]:
    current = digest if chosen.email else "off"
    return [(value, label, value == current) for value, label in EVERY_LABELS.items()]


def _mutes(user: Any) -> list[dict[str, str]]:
    mutes = preferences.mutes_of(user.pk)
    names = names_for(user, {topic for topic, _ in mutes if topic})
    return [
        {"topic": topic, "type": type, "label": mute_label(topic, type, names)}
        for topic, type in mutes
    ]
