"""Sessions, with what the site adds to Django's: no caching, and no odd cookies."""

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control


class SessionMiddleware(DjangoSessionMiddleware):
    """Sends `Cache-Control: private, no-store` with every response made for a signed-in user.

    After a log-out, neither the back button nor a shared cache shows it again. Responses that did
    not read the session are the same for everybody and stay as they are.
    """

    def process_request(self, request: HttpRequest) -> None:
        # PostgreSQL refuses to look for a key with NUL. It is an unknown session.
        if "\0" in request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""):
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        super().process_request(request)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        # A session that was accessed is loaded: this costs no query.
        if request.session.accessed and SESSION_KEY in request.session:
            patch_cache_control(response, private=True, no_store=True)
        return super().process_response(request, response)
