"""What a page tells the hub's script in the browser, as attributes of its `<script>`."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import get_script_prefix

from hub.pages import page_of
from hub.pages.frame import path_of
from hub.runtime.application import SOCKET_PATH
from hub.ui.event_filter import event_filters
from hub.ui.texts import browser_texts


def head_context(request: HttpRequest, topics: Iterable[str] | str) -> dict[str, Any]:
    """The context of `hub/head.html` for a page of this user that follows `topics`.

    `data` are the script's data attributes: the position the page was rendered at, the user, the
    topics, and the paths of the hub's pages that the project's URLs include. Two queries for a
    signed-in user, for their preferences and mutes; none for visitors.
    """
    user: Any = getattr(request, "user", None)
    is_signed_in = user is not None and user.is_authenticated
    data = {
        "page": getattr(request, "hub_page", None) or page_of(request),
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
            "token": get_token(request),
        }
    return {"data": data, "texts": browser_texts()}


def socket_path(request: HttpRequest) -> str:
    """The socket's path: as the server of this request routes it, else the usual one."""
    path: str = getattr(request, "scope", {}).get("hub.socket_path", SOCKET_PATH)
    return get_script_prefix() + path.removeprefix("/")
