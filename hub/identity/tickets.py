"""Tickets: signed proof of who a client is, for clients that have no session cookie.

Verifying one needs no database. A ticket carries the log's position from before its user was read,
so that a right lost since then is found in the log.
"""

import base64
from functools import lru_cache

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core import signing
from django.utils.crypto import salted_hmac

SALT = "hub.ticket"
MAX_SESSION_KEY = 4096  # characters: no browser keeps a longer cookie, and a hello has 64 KiB


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What a ticket says.

    `user`: the user's primary key as text. `position`: the log's, from before the user was read.
    `session`: digest of the session that asked, None for a ticket made on the command line.
    `auth`: digest of the user's password hash, so that a changed password ends the ticket.
    `session_key`: to look up whether that session still exists; None if it is too long to carry.
    """

    user: str
    position: int
    session: str | None
    auth: str
    session_key: str | None = None  # older tickets have none


class TicketExpired(ValueError):
    """The ticket was valid but is too old: fetch a new one."""


class TicketInvalid(ValueError):
    """Not a valid ticket of this site."""


def sign(ticket: Ticket) -> str:
    """The signed ticket as text. Anyone can read it, except for the session key in it."""
    key = ticket.session_key
    sealed = None if key is None or len(key) > MAX_SESSION_KEY else _seal(key)
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
        raise TicketInvalid("this is not a ticket of this site") from error


# A page's JavaScript can read its ticket. It must not find the session key there, because the
# session's cookie hides that from it.


def _seal(key: str) -> str:
    return _seals().encrypt(key.encode()).decode()


def _open(sealed: str) -> str:
    return _seals().decrypt(sealed).decode()


def _seals() -> MultiFernet:
    """Encrypts with the site's secret; decrypts with former ones, too, as Django's signing does."""
    return _seals_with((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _seals_with(secrets: tuple[str | bytes, ...]) -> MultiFernet:
    derived = [salted_hmac(f"{SALT}.seal", "", one, algorithm="sha256") for one in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(one.digest())) for one in derived])
