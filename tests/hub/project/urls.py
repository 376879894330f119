"""The hub's pages at the root, and its API."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.decorators.cache import never_cache
from ninja import NinjaAPI

from hub.api import (
    Session,
    UserThrottle,
    answer_errors,
    api_urls,
    notifications_router,
    preferences,
    tickets,
    unknown_path,
)

api = NinjaAPI(urls_namespace="api", auth=Session(), throttle=UserThrottle())
api.add_decorator(never_cache, mode="view")
answer_errors(api)
api.add_router("", tickets.router)
api.add_router("/notifications", notifications_router())
api.add_router("", preferences.router)

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", api_urls(api)),
    re_path("^api/", unknown_path),
    path("", include("hub.urls")),
]
