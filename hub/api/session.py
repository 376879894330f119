"""Authentication and throttling of API requests."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security import APIKeyCookie
from ninja.throttling import BaseThrottle
from ninja.utils import check_csrf

from hub.api.answers import ApiError
from hub.identity import RETRY_AFTER, take_request


class Session(APIKeyCookie):
    """Django's session. Anonymous requests get 401; then changes without CSRF token get 403."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Any:
        if not request.user.is_authenticated:
            return None
        if check_csrf(request) is not None:
            raise ApiError(
                403, "send the CSRF token of a page of this site as X-CSRFToken", code="csrf"
            )
        return request.user

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return self(request)


class UserThrottle(BaseThrottle):
    """Limits the requests per user and process to `RATE` per second and `BURST` at once."""

    def allow_request(self, request: HttpRequest) -> bool:
        return take_request(request.user.pk)

    def wait(self) -> float | None:
        return float(RETRY_AFTER)


PersonThrottle = UserThrottle  # the name that projects know
