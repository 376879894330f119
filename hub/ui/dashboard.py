"""The staff's dashboard of request metrics, which arrive over the socket."""

import time

import msgspec
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from hub.metrics import TOPIC, measured
from hub.metrics.own import unmeasured
from hub.pages.frame import show
from hub.pages.position import without_page
from hub.policy import STAFF_TOPICS, current_policy
from hub.ui.trace import may_trace

WINDOWS = {"hour": measured.last_hour, "day": measured.last_day}


@unmeasured
@require_safe
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """The dashboard without figures. Raises PermissionDenied for users who may not hear them."""
    _check(request)
    # What staff are told is listed on the page instead of covering its figures.
    context = {
        "hub_topics": [TOPIC],
        "hub_quiet": sorted(STAFF_TOPICS),
        "history": reverse("hub:dashboard-history"),
        "traces": may_trace(request.user),
    }
    return show(request, "hub/dashboard.html", context)


@unmeasured
@without_page
@never_cache
@require_safe
@login_required
def history(request: HttpRequest) -> HttpResponse:
    """The samples of the last minutes that this process has heard; none where no server runs.

    With `window`, "hour" or "day": that time as columns of all processes, from the database. Any
    other window is a 404.
    """
    _check(request)
    if (window := request.GET.get("window")) is not None:
        if window not in WINDOWS:
            raise Http404("there are the windows 'hour' and 'day'")
        columns = msgspec.json.encode(WINDOWS[window](time.time()))
        return HttpResponse(columns, content_type="application/json")
    runtime = getattr(request, "scope", {}).get("hub")
    text = runtime.history.text() if runtime is not None else "[]"
    return HttpResponse(text, content_type="application/json")


def _check(request: HttpRequest) -> None:
    if current_policy().refusals(request.user, {TOPIC}):
        raise PermissionDenied(f"the topic {TOPIC!r} is not for this user")
