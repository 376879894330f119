"""Tickets, for clients whose socket does not bring the session's cookie."""

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
    """For the `hello` of a socket at `/ws/`. It ends with the session that asked for it."""
    # Noted by PagePositionMiddleware before the person was read: a right lost since is in the log.
    noted: str | None = getattr(request, "hub_page", None)
    if noted is None:
        raise ImproperlyConfigured("hub.pages.PagePositionMiddleware is not in MIDDLEWARE")
    if not noted:
        raise ApiError(503, "no ticket can be issued now; try again in a moment")
    position = int(noted.rpartition(":")[2])
    issued = issue_ticket(request.user, request.session.session_key, position)
    return {"ticket": tickets.sign(issued), "expires_in": int(load_limits().ticket_age)}
