"""The staff's dashboard of request metrics, which arrive over the socket."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from hub.metrics import TOPIC
from hub.metrics.own import unmeasured
from hub.pages.frame import show
from hub.policy import STAFF_TOPICS, current_policy


@unmeasured
@require_safe
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """The empty dashboard. Raises PermissionDenied for users whom the policy refuses its topic."""
    if current_policy().refusals(request.user, {TOPIC}):
        raise PermissionDenied(f"the topic {TOPIC!r} is not for this user")
    # What staff are told is listed on the page instead of covering its figures.
    context = {"hub_topics": [TOPIC], "hub_quiet": sorted(STAFF_TOPICS)}
    return show(request, "hub/dashboard.html", context)
