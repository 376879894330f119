"""What a user has just done in their inbox, for the page that follows: words, and how to undo it.

It is a cookie of ten seconds: it is in no address, so neither a bookmark nor the history brings it
back, and a page needs no session for it. It names its user: the next one in this browser is told
nothing.
"""

import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub.inbox import MAX_POSITION
from hub.limits import load_limits

COOKIE = "hub_done"
MOMENT = "j F Y, H:i"  # of a date, translated by language
SECONDS = 10  # in which it can be undone
MAX_LENGTH = 200  # characters

ALL = {
    "seen": _("{count} marked as seen."),
    "read": _("{count} marked as read."),
    "unread": _("{count} marked as unread."),
    "archive": _("{count} archived."),
    "unarchive": _("{count} back in the inbox."),
    "unsnooze": _("{count} back in the inbox."),
}
ONE = {
    "read": _("Marked as read."),
    "unread": _("Marked as unread."),
    "archive": _("Archived."),
    "unarchive": _("Back in the inbox."),
    "unsnooze": _("Back in the inbox."),
}
INVERSE = {"read": "unread", "unread": "read", "archive": "unarchive", "unarchive": "archive"}


class Done(msgspec.Struct, frozen=True):
    """Its words, and the form that undoes it: a path and hidden fields. Without a path, no form."""

    text: str
    path: str = ""
    fields: dict[str, str] = {}
    is_warning: bool = False


def remember(response: HttpResponse, request: HttpRequest, **what: object) -> HttpResponse:
    """Tell the page that this response leads to what was done, as the functions below read it."""
    response.set_cookie(
        COOKIE,
        urlencode({"user": request.user.pk, **what})[:MAX_LENGTH],
        max_age=SECONDS,
        path=reverse("hub:inbox"),
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


def done(request: HttpRequest) -> Done | None:
    """What this user did, if that was in the last seconds; anything invalid counts as nothing."""
    stored = parse_qs(request.COOKIES.get(COOKIE, "")[:MAX_LENGTH])
    what = {name: values[0] for name, values in stored.items() if "\0" not in values[0]}
    if what.pop("user", None) != str(request.user.pk):
        return None
    for read in (_all, _one, _snoozed, _mute, _undone):
        if found := read(what):
            return found
    return None


def _all(what: dict[str, str]) -> Done | None:
    """`all`, an action; `count`, its number in words; `undo`, a token."""
    words = ALL.get(what.get("all", ""))
    if words is None or "undo" not in what:
        return None
    text = _filled(words, count=what.get("count", ""))
    return Done(text, reverse("hub:inbox-undo"), {"undo": what["undo"]})


def _one(what: dict[str, str]) -> Done | None:
    """`one`, an action, and the `position` of its event."""
    action, position = what.get("one", ""), what.get("position", "")
    if action not in ONE or not position.isascii() or not position.isdigit():
        return None
    if action not in INVERSE:
        return Done(str(ONE[action]))
    path = reverse("hub:inbox-flag", args=[min(int(position[:19]), MAX_POSITION), INVERSE[action]])
    return Done(str(ONE[action]), path)


def _snoozed(what: dict[str, str]) -> Done | None:
    """`snoozed`, the moment in the reader's zone, and `undo`; "refused" where it cannot be."""
    if "snoozed" not in what:
        return None
    try:
        until = datetime.datetime.fromisoformat(what["snoozed"])
    except ValueError:
        refusal = _("Choose a moment that is still to come. Events are kept for {days} days.")
        return Done(_filled(refusal, days=str(load_limits().retention_days)), is_warning=True)
    moment = formats.date_format(until, str(_(MOMENT)))
    text = _filled(_("Snoozed until {moment}."), moment=moment)
    return Done(text, reverse("hub:inbox-undo"), {"undo": what.get("undo", "")})


def _mute(what: dict[str, str]) -> Done | None:
    """`topic` or `type` that was muted, and its `name`."""
    topic, type = what.get("topic", ""), what.get("type", "")
    if not (topic or type):
        return None
    text = _filled(
        _("“{name}” is muted: new events of it are not shown."), name=what.get("name", "")
    )
    return Done(text, reverse("hub:mute"), {"topic": topic, "type": type, "on": "0"})


def _undone(what: dict[str, str]) -> Done | None:
    """`undone`: "1", or "late" where it was not possible any more."""
    outcome = what.get("undone")
    if outcome == "1":
        return Done(str(_("Undone.")))
    if outcome == "late":
        text = _("This was undone already, or can no longer be undone.")
        return Done(str(text), is_warning=True)
    return None


def _filled(words: Promise, **values: Any) -> str:
    text = str(words)
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
