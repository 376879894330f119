"""The number of unseen events, on every page that shows the bell."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from hub.inbox import COUNTED, Inbox
from hub.ui.event_filter import event_filters


@require_safe
@never_cache
def unseen(request: HttpRequest) -> HttpResponse:
    """For open pages: `{"unseen": N, "filters": …}`, as of `event_filters`; 0 for visitors."""
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return JsonResponse({"unseen": 0, "filters": {"toast": "", "inbox": "", "quiet": ""}})
    return JsonResponse({"unseen": unseen_count(user), "filters": event_filters(user.pk)})


def unseen_count(user: Any) -> int:
    """The user's unseen events, counted up to COUNTED."""
    if user is None or not user.is_authenticated:
        return 0
    return min(Inbox(user).unseen(), COUNTED)


def shown_count(count: int) -> str:
    """The number as people read it: "3", "99+", or nothing."""
    if count >= COUNTED:
        return f"{COUNTED - 1}+"
    return str(count or "")
