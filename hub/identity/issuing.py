"""Issues the ticket of a request's session."""

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from hub.identity import tickets
from hub.identity.authentication import issue_ticket


def ticket_of_session(request: HttpRequest) -> str | None:
    """The signed ticket, which ends with the session; None while the log cannot be read."""
    # Read by the middleware before the user: a right lost since then is in the log.
    page: str | None = getattr(request, "hub_page", None)
    if page is None:
        raise ImproperlyConfigured("hub.middleware.HubMiddleware is not in MIDDLEWARE")
    if not page:
        return None
    position = int(page.rpartition(":")[2])
    return tickets.sign(issue_ticket(request.user, request.session.session_key, position))
