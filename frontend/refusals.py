"""Answers requests that were refused below the views, in the admin as well."""

import logging

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from frontend.views import errors
from hub.errors import RowGone
from orders.attempts import TooManyAttempts
from orders.passwords import HashersBusy

logger = logging.getLogger("frontend.refusals")


class RefusalMiddleware(MiddlewareMixin):
    """Turns RowGone into 409, TooManyAttempts into 429 and HashersBusy into 503."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, RowGone):
            return errors.gone(request)
        if isinstance(exception, TooManyAttempts):
            return errors.too_many_requests(request, exception.retry_after)
        if isinstance(exception, HashersBusy):
            logger.warning("too many passwords are being checked: %s refused", request.method)
            response = errors.busy(request, exception.retry_after)
            response._has_been_logged = True  # Django would log each as an error
            return response
        return None
