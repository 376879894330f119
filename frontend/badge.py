"""The number of unseen events, for the header of every page."""

from typing import Any

from django.http import HttpRequest

from hub.inbox import COUNTED, Inbox


def inbox_badge(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `inbox_badge`, a text such as "3" or "99+"; empty for none.

    The database is queried only if a template shows it.
    """

    def badge() -> str:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return ""
        unseen = Inbox(user).unseen()
        if unseen >= COUNTED:
            return f"{COUNTED - 1}+"
        return str(unseen or "")

    return {"inbox_badge": badge}
