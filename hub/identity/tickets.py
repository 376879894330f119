"""Tickets: who a connection is, signed, for clients that have no session cookie.

Verified without the database. A ticket says how far the log was followed before the person was
read, so that a right lost since then is found in the log.
"""

import base64

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core import signing
from django.utils.crypto import salted_hmac

SALT = "hub.ticket"
LONGEST_KEY = 4096  # characters: no browser keeps a longer cookie, and a hello has 64 KiB


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """`person`: primary key as text. `position`: the log's, noted before the person was read.

    `session`: digest of the session that asked, None for one made on the command line.
    `auth`: digest of the session's password hash, so that a changed password ends it.
    `session_key`: to ask whether that session still is. None also where it is too long to carry.
    """

    person: str
    position: int
    session: str | None
    auth: str
    session_key: str | None = None  # tickets from before there was one are taken, too


class TicketExpired(ValueError):
    """It was a ticket, but its time is over: fetch a new one."""


class TicketInvalid(ValueError):
    """Not a ticket of this site."""


def sign(ticket: Ticket) -> str:
    """The ticket as text that anybody may read, but for the session's key in it."""
    key = ticket.session_key
    sealed = None if key is None or len(key) > LONGEST_KEY else _seal(key)
    carried = msgspec.structs.replace(ticket, session_key=sealed)
    return signing.dumps(msgspec.to_builtins(carried), salt=SALT)


def verify(signed: str, max_age: float) -> Ticket:
    """The ticket; `max_age` in seconds. Raises TicketExpired or TicketInvalid."""
    try:
        carried = msgspec.convert(signing.loads(signed, salt=SALT, max_age=int(max_age)), Ticket)
        sealed = carried.session_key
        key = None if sealed is None else _open(sealed)
        return msgspec.structs.replace(carried, session_key=key)
    except signing.SignatureExpired as error:
        raise TicketExpired("the ticket has expired; fetch a new one") from error
    except (signing.BadSignature, msgspec.ValidationError, InvalidToken, ValueError) as error:
        raise TicketInvalid("the ticket is not one of this site's") from error


# A page's JavaScript reads its ticket, and must not find there what its session's cookie hides.


def _seal(key: str) -> str:
    return _seals().encrypt(key.encode()).decode()


def _open(sealed: str) -> str:
    return _seals().decrypt(sealed).decode()


def _seals() -> MultiFernet:
    """Seals with the site's secret; opens with those from before it, too, as Django's signing."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    derived = [salted_hmac(f"{SALT}.seal", "", one, algorithm="sha256") for one in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(one.digest())) for one in derived])
