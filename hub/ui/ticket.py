"""Tickets for sockets over HTTP, without the API and the library that it needs."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from hub.identity import RETRY_AFTER, take_request
from hub.identity.authentication import signed_ticket
from hub.identity.issuing import ticket_of_session
from hub.limits import load_limits


@method_decorator(never_cache, name="dispatch")
class TicketView(View):
    """POST answers `{"ticket": …, "expires_in": seconds}` for the `hello` of a socket.

    The user is that of the session, with which the ticket ends. Errors are
    `{"error": {"code", "message"}}` with 401, 429 or 503.

    `TicketView.as_view(authenticate=function)` asks `function(request)` for the user, or None: for
    tokens of Django REST framework, JWT and the like. Such a ticket ends with the user's account
    and password. That view is exempt from CSRF checks, so the function must not go by a cookie.
    """

    http_method_names = ["post", "options"]
    authenticate: Callable[[HttpRequest], Any] | None = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., Any]:
        view: Any = super().as_view(**initkwargs)
        view.csrf_exempt = initkwargs.get("authenticate") is not None
        return view  # type: ignore[no-any-return]

    def post(self, request: HttpRequest) -> HttpResponse:
        ask = self.authenticate
        user: Any = getattr(request, "user", None) if ask is None else ask(request)
        if user is None or not user.is_authenticated or not user.is_active:
            return _error(401, "unauthorized", "log in first")
        if not take_request(user.pk):
            refused = _error(429, "rate_limited", "too many requests; try again in a moment")
            refused["Retry-After"] = str(RETRY_AFTER)
            return refused
        signed = signed_ticket(user) if ask else ticket_of_session(request)
        if signed is None:
            return _error(503, "unavailable", "no ticket can be issued now; try again in a moment")
        return JsonResponse({"ticket": signed, "expires_in": int(load_limits().ticket_age)})


def _error(status: int, code: str, message: str) -> HttpResponse:
    return JsonResponse({"error": {"code": code, "message": message}}, status=status)
