"""The staff's dashboard of request metrics, which arrive over the socket."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """The empty dashboard. Raises PermissionDenied for users who are not staff."""
    if not request.user.is_staff:
        raise PermissionDenied("the dashboard is for staff")
    return render(request, "frontend/dashboard.html")
