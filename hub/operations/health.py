"""Health, for load balancers."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from hub.pages.position import without_page


@without_page
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@without_page
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 while this process follows the log, 503 until then, at its end, or while it cannot."""
    runtime = getattr(request, "scope", {}).get("hub")
    if runtime is not None and runtime.is_ready:
        return HttpResponse("ready\n", content_type="text/plain")
    response = HttpResponse("not following the log\n", content_type="text/plain", status=503)
    # Django logs every 503 as an error, and every start begins with a few of these.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
