"""The site's URLs."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path, reverse_lazy
from django.views.generic import RedirectView

from asgi.api import api
from frontend.labels import type_label
from frontend.views import errors
from hub import views
from hub.api import api_urls, server_error, unknown_path
from hub.deliveries.unsubscribing import ROUTE
from hub.deliveries.views import Unsubscribe

unsubscribe = Unsubscribe.as_view(
    base_template="base.html",
    kind_name=type_label,
    preferences_url=reverse_lazy("preferences"),
)

urlpatterns = [
    # The shop's page limits guesses of the current password.
    path("admin/password_change/", RedirectView.as_view(pattern_name="password-change")),
    path("admin/", admin.site.urls),
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("api/", RedirectView.as_view(pattern_name="api:openapi-view")),
    path("api/", api_urls(api)),
    re_path("^api/", unknown_path),
    path("unsubscribe/<str:token>/", unsubscribe, name=ROUTE),
    path("", include("frontend.urls")),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found


def handler500(request: HttpRequest) -> HttpResponse:
    """A program gets the API's error, a browser a page."""
    is_api = request.path_info.startswith("/api/")
    return server_error(request) if is_api else errors.server_error(request)
