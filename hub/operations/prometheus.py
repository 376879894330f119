"""The figures of a process and of the log as Prometheus text, for scrapers and for staff."""

import hmac
from http import HTTPStatus
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from hub.limits import other_setting
from hub.metrics import TOPIC
from hub.metrics.exposition import CONTENT_TYPE, text_of
from hub.metrics.own import unmeasured
from hub.operations import figures
from hub.pages.position import without_page
from hub.policy import current_policy

SCHEME = "bearer "


@unmeasured
@without_page
@never_cache
@require_safe
async def metrics(request: HttpRequest) -> HttpResponse:
    """401 without a token or a session, 403 for users who may not hear the topic `metrics`."""
    if not _has_token(request):
        user: Any = await request.auser() if hasattr(request, "auser") else None
        if user is None or not user.is_authenticated:
            refused = HttpResponse("a token is needed\n", "text/plain", HTTPStatus.UNAUTHORIZED)
            refused["WWW-Authenticate"] = 'Bearer realm="metrics"'
            return refused
        if await sync_to_async(current_policy().refusals)(user, {TOPIC}):
            return HttpResponse("this is for staff\n", "text/plain", HTTPStatus.FORBIDDEN)
    # In the event loop, to which the counters belong; the rest of the work is a thread's.
    of_process = figures.of_process(getattr(request, "scope", {}).get("hub"))
    text = await sync_to_async(lambda: text_of([*of_process, *figures.of_log()]))()
    return HttpResponse(text, CONTENT_TYPE)


def _has_token(request: HttpRequest) -> bool:
    """Whether the request carries `HUB["METRICS_TOKEN"]`; an empty setting lets nobody in."""
    expected = other_setting("METRICS_TOKEN", "")
    given = request.headers.get("Authorization", "")
    if not expected or not given.lower().startswith(SCHEME):
        return False
    return hmac.compare_digest(given[len(SCHEME) :].strip().encode(), expected.encode())
