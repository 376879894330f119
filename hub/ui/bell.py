"""The number of unseen events, on every page that shows the bell."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from hub.inbox import COUNTED, Inbox


@require_safe
@never_cache
def unseen(request: HttpRequest) -> HttpResponse:
    """`{"unseen": N}` for the page's scripts; 0 for visitors."""
    user = getattr(request, "user", None)
    return JsonResponse({"unseen": unseen_count(user)})


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
