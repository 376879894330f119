"""Limits how often a signed-in user may post to pages, with the rate of the API."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from frontend.views import errors
from hub.identity import take_request

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


class ThrottleMiddleware(MiddlewareMixin):
    """Answers 429 above `RATE` posts per second and `BURST` at once, per user and process."""

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        # The API counts its own requests, with its own answer.
        if request.method in SAFE or "api" in request.resolver_match.namespaces:
            return None
        if request.user.is_authenticated and not take_request(request.user.pk):
            return errors.too_many_requests(request)
        return None
