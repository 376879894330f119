"""The one middleware of a project: the page's position, who publishes, and the route's name."""

from collections.abc import Awaitable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from hub.metrics.middleware import RouteMiddleware
from hub.metrics.record import current_id
from hub.pages import PagePositionMiddleware
from hub.publishing import origin


class HubMiddleware(PagePositionMiddleware):
    """Belongs first in MIDDLEWARE: the position is read before anything queries, and every response
    is measured under the name of its route."""

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        self._label = RouteMiddleware(super().__call__)
        self._is_async = iscoroutinefunction(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._answer(request)
        with origin.made_by(request, current_id()):
            return self._label(request)

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        with origin.made_by(request, current_id()):
            response: HttpResponseBase = await self._label(request)  # type: ignore[misc]
        return response
