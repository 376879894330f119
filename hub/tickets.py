"""Tickets: who a connection is, signed, for clients that have no session cookie.

Verified without the database. A ticket says how far the log was followed before the person was
read, so that a right lost since then is found in the log.
"""

import msgspec
from django.core import signing

SALT = "hub.ticket"


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """`person`: primary key as text. `position`: the log's, noted before the person was read.

    `session`: digest of the session that asked, None for one made on the command line.
    `auth`: digest of the session's password hash, so that a changed password ends it.
    """

    person: str
    position: int
    session: str | None
    auth: str


class TicketExpired(ValueError):
    """It was a ticket, but its time is over: fetch a new one."""


class TicketInvalid(ValueError):
    """Not a ticket of this site."""


def sign(ticket: Ticket) -> str:
    return signing.dumps(msgspec.to_builtins(ticket), salt=SALT)


def verify(signed: str, max_age: float) -> Ticket:
    """The ticket; `max_age` in seconds. Raises TicketExpired or TicketInvalid."""
    try:
        return msgspec.convert(signing.loads(signed, salt=SALT, max_age=int(max_age)), Ticket)
    except signing.SignatureExpired as error:
        raise TicketExpired("the ticket has expired; fetch a new one") from error
    except (signing.BadSignature, msgspec.ValidationError, ValueError) as error:
        raise TicketInvalid("the ticket is not one of this site's") from error
