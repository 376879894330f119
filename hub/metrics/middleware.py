"""Names the route in the record of a request."""

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from hub.metrics.record import current_record

GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]
ROOT = "/"  # the name of the empty route


class RouteMiddleware:
    """Labels records by the pattern in the URLconf, never by the path: paths are unlimited.

    Belongs first in MIDDLEWARE, so that it sees every response. Without the wrapper of
    `hub.metrics.wrapper` it does nothing.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response
        self._async = iscoroutinefunction(get_response)
        if self._async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        response = self._get_response(request)
        if isinstance(response, HttpResponseBase):
            _label(request, response)
            return response
        return self._labelled(request, response)

    async def _labelled(
        self, request: HttpRequest, responding: Awaitable[HttpResponseBase]
    ) -> HttpResponseBase:
        response = await responding
        _label(request, response)
        return response


def _label(request: HttpRequest, response: HttpResponseBase) -> None:
    record = current_record.get()
    if record is None:
        return
    record.streaming = response.streaming
    # Only what is known already: to ask would be a query.
    record.user = getattr(request, "_cached_user", None) or getattr(request, "_acached_user", None)
    match = request.resolver_match
    if match is not None:
        record.route = match.route or ROOT
