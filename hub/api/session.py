"""Authentication and throttling of API requests."""

import threading
import time
from collections import OrderedDict
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security import APIKeyCookie
from ninja.throttling import BaseThrottle
from ninja.utils import check_csrf

from hub.api.answers import ApiError
from hub.concurrency.token_bucket import TokenBucket
from hub.limits import load_limits

MAX_USERS = 10_000  # whose rates are kept; the least recent one is dropped first


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

    def __init__(self) -> None:
        self._rates: OrderedDict[tuple[Any, int, int], TokenBucket] = OrderedDict()
        self._lock = threading.Lock()

    def allow_request(self, request: HttpRequest) -> bool:
        limits = load_limits()
        key = (request.user.pk, limits.rate, limits.burst)
        with self._lock:
            rate = self._rates.pop(key, None) or TokenBucket(limits.rate, limits.burst)
            self._rates[key] = rate
            if len(self._rates) > MAX_USERS:
                self._rates.popitem(last=False)
            return rate.take(1, time.monotonic())

    def wait(self) -> float | None:
        return 1.0


PersonThrottle = UserThrottle  # the name that projects know
