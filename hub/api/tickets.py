"""Tickets over HTTP, for clients whose socket does not send the session's cookie."""

from django.http import HttpRequest
from ninja import Router, Schema

from hub.api.answers import ApiError, errors
from hub.identity.issuing import ticket_of_session
from hub.limits import load_limits

router = Router(tags=["socket"])


class Ticket(Schema):
    """`expires_in` is in seconds."""

    ticket: str
    expires_in: int


@router.post("/ticket", response={200: Ticket, **errors(401, 403, 429)}, summary="A ticket")
def issue(request: HttpRequest) -> dict[str, object]:
    """A ticket for the `hello` of a socket at `/ws/`. It ends with the session that asks for it."""
    signed = ticket_of_session(request)
    if signed is None:
        raise ApiError(503, "no ticket can be issued now; try again in a moment")
    return {"ticket": signed, "expires_in": int(load_limits().ticket_age)}
