"""The site's URLs."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from asgi.api import api
from frontend.views import errors
from hub.api import api_urls, server_error, unknown_path
from hub.ui import preferences

urlpatterns = [
    # The shop's page limits guesses of the current password.
    path("admin/password_change/", RedirectView.as_view(pattern_name="password-change")),
    path("admin/", admin.site.urls),
    path("api/", RedirectView.as_view(pattern_name="api:openapi-view")),
    path("api/", api_urls(api)),
    re_path("^api/", unknown_path),
    # The hub's pages are at the root, where the shop had them before, and at `hub/` as in any
    # project. Pages that were opened earlier post to the two below.
    path("", include("hub.urls")),
    path("hub/", include("hub.urls", namespace="hub-below-its-name")),
    path("inbox/preferences/", preferences.choose),
    path("inbox/mute", preferences.mute),
    path("", include("frontend.urls")),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found


def handler500(request: HttpRequest) -> HttpResponse:
    """A program gets the API's error, a browser a page."""
    is_api = request.path_info.startswith("/api/")
    return server_error(request) if is_api else errors.server_error(request)
