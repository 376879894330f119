"""The health checks as views, which say where they are routed, and answer on other servers."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from hub.pages.position import without_page
from hub.runtime.probes import Answer, alive, answers, ready


@answers(alive)
@without_page
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    return _response(alive(None))


@answers(ready)
@without_page
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    return _response(ready(getattr(request, "scope", {}).get("hub")))


def _response(answer: Answer) -> HttpResponse:
    response = HttpResponse(answer.text, content_type="text/plain", status=answer.status)
    # Django logs each 503 as an error, and each start begins with a few of these.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
