"""The paths of health checks are those of the project's URLconf."""

from types import ModuleType

from django.urls import include, path, re_path

from hub.operations.health import healthz, readyz
from hub.runtime.probes import alive, probes_by_path, ready


def test_the_paths_are_found_where_a_project_routes_them(settings):
    urls = ModuleType("urls")
    hub = ([path("live", healthz), path("ready/", readyz)], "hub")
    urls.urlpatterns = [
        path("hub/", include(hub)),
        path("<str:tenant>/", include(hub, namespace="tenant")),
        re_path("^pattern$", healthz),
        path("page", lambda request: None),
    ]
    settings.ROOT_URLCONF = urls
    assert probes_by_path() == {"/hub/live": alive, "/hub/ready/": ready}
