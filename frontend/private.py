"""Keeps the pages of signed-in users out of every cache."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control


class PrivateMiddleware:
    """Sends `Cache-Control: private, no-store` with every response made for a signed-in user.

    After a log-out, neither the back button nor a shared cache shows it again. Responses that did
    not read the session are the same for everybody and stay as they are. Belongs directly behind
    SessionMiddleware.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        response = self._get_response(request)
        if isinstance(response, HttpResponseBase):
            return _protect(request, response)
        return self._protect_later(request, response)

    async def _protect_later(
        self, request: HttpRequest, response: Awaitable[HttpResponseBase]
    ) -> HttpResponseBase:
        return _protect(request, await response)


def _protect(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    # A session that was accessed is loaded: this costs no query.
    if request.session.accessed and SESSION_KEY in request.session:
        patch_cache_control(response, private=True, no_store=True)
    return response
