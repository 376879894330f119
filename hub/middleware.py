"""The one middleware of a project: the page's position, and the route's name for the metrics."""

from collections.abc import Awaitable
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from hub.metrics.middleware import RouteMiddleware
from hub.pages import PagePositionMiddleware


class HubMiddleware(PagePositionMiddleware):
    """Belongs first in MIDDLEWARE: the position is read before anything queries, and every response
    is measured under the name of its route."""

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        self._label = RouteMiddleware(super().__call__)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        return self._label(request)
