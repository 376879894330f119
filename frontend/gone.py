"""Answers a request whose row another request has deleted meanwhile."""

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from frontend.views import errors
from hub.errors import RowGone


class RowGoneMiddleware(MiddlewareMixin):
    """Turns RowGone into a page with status 409, in the admin as well."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return errors.gone(request) if isinstance(exception, RowGone) else None
