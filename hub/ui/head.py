"""What a page tells the hub's script in the browser, as attributes of its `<script>`."""

from collections.abc import Iterable
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, get_script_prefix

from hub.events import declared_types, type_label
from hub.inbox.preferences import is_shown
from hub.pages import position_of
from hub.pages.frame import path_of
from hub.publishing.origin import origin_of
from hub.runtime.application import SOCKET_PATH
from hub.ui.event_filter import event_filters
from hub.ui.texts import browser_texts


def head_context(
    request: HttpRequest, topics: Iterable[str] | str, quiet: Iterable[str] | str = ""
) -> dict[str, Any]:
    """The context of `hub/head.html` for a page of this user that follows `topics`.

    `quiet` are topics of the user's own whose events make no toasts here.

    `data` are the script's data attributes: the position the page was rendered at, the user, the
    topics, and the paths of the hub's pages that the project's URLs include. Three queries for a
    signed-in user, for their preferences, mutes and quiet hours; none for visitors.
    """
    user: Any = getattr(request, "user", None)
    is_signed_in = user is not None and user.is_authenticated
    data = {
        "page": position_of(request, is_signed_in=is_signed_in),
        "person": user.pk if is_signed_in else "",
        "topics": topics if isinstance(topics, str) else " ".join(topics),
        "root": get_script_prefix(),
        "socket": socket_path(request),
    }
    if is_signed_in:
        filters = event_filters(user.pk)
        data |= {
            "inbox": path_of("hub:inbox"),
            "seen": path_of("hub:inbox-seen"),
            "unseen": path_of("hub:inbox-unseen"),
            "filter": filters["toast"],
            "inbox-filter": filters["inbox"],
            "quiet-hours": filters["quiet"],
            "token": get_token(request),
            "summaries": msgspec.json.encode(_summaries()).decode(),
            "quiet": quiet if isinstance(quiet, str) else " ".join(quiet),
            "login": _login_path(),
            "origin": origin_of(request),
        }
    return {"data": data, "texts": browser_texts()}


def _summaries() -> dict[str, str]:
    """By type the title of a toast that stands for several events, with `{count}`."""
    shown = {kind.type: kind for kind in declared_types() if is_shown(kind)}
    return {
        type: str(kind.summary) or f"{type_label(type)}: {{count}}" for type, kind in shown.items()
    }


def _login_path() -> str:
    """The path of the log-in; empty where the project has none at `LOGIN_URL`."""
    try:
        return resolve_url(settings.LOGIN_URL)
    except NoReverseMatch:
        return ""


def socket_path(request: HttpRequest) -> str:
    """The socket's path: as the server of this request routes it, else the usual one."""
    path: str = getattr(request, "scope", {}).get("hub.socket_path", SOCKET_PATH)
    return get_script_prefix() + path.removeprefix("/")
