"""Health checks for load balancers."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from hub.pages.position import without_page


@without_page
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers at all."""
    return HttpResponse("ok\n", content_type="text/plain")


@without_page
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 while this process follows the log, 503 before that, from SIGTERM on, and on failure."""
    runtime = getattr(request, "scope", {}).get("hub")
    if runtime is not None and runtime.is_ready:
        return HttpResponse("ready\n", content_type="text/plain")
    response = HttpResponse("not following the log\n", content_type="text/plain", status=503)
    # Django logs each 503 as an error, and each start begins with a few of these.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
