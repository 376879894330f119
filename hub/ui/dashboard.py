"""The staff's dashboard of request metrics, which arrive over the socket."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from hub.metrics import TOPIC
from hub.pages.frame import show
from hub.policy import current_policy


@require_safe
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """The empty dashboard. Raises PermissionDenied for users whom the policy refuses its topic."""
    if current_policy().refusals(request.user, {TOPIC}):
        raise PermissionDenied(f"the topic {TOPIC!r} is not for this user")
    return show(request, "hub/dashboard.html", {"hub_topics": [TOPIC]})
