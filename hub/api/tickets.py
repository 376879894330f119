"""Tickets over HTTP, for clients whose socket does not send the session's cookie."""

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from ninja import Router, Schema

from hub.api.answers import ApiError, errors
from hub.identity import tickets
from hub.identity.authentication import issue_ticket
from hub.limits import load_limits

router = Router(tags=["socket"])


class Ticket(Schema):
    """`expires_in` is in seconds."""

    ticket: str
    expires_in: int


@router.post("/ticket", response={200: Ticket, **errors(401, 403, 429)}, summary="A ticket")
def issue(request: HttpRequest) -> dict[str, object]:
    """A ticket for the `hello` of a socket at `/ws/`. It ends with the session that asks for it."""
    # Read by the middleware before the user: a right lost since then is in the log.
    page: str | None = getattr(request, "hub_page", None)
    if page is None:
        raise ImproperlyConfigured("hub.middleware.HubMiddleware is not in MIDDLEWARE")
    if not page:
        raise ApiError(503, "no ticket can be issued now; try again in a moment")
    position = int(page.rpartition(":")[2])
    issued = issue_ticket(request.user, request.session.session_key, position)
    return {"ticket": tickets.sign(issued), "expires_in": int(load_limits().ticket_age)}
