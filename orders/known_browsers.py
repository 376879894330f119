"""Browsers in which a user has logged in: their attempts to log in are counted apart.

Whoever guesses an account's password from many addresses has it slowed for everybody. Its user,
in a browser where they have logged in before, is not held up. The browser keeps a signed cookie
with a digest of the account's name and a number of its own, which nobody else can have.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac

COOKIE = "known_browser"
MAX_AGE = 180 * 24 * 3600  # seconds
MOST = 5  # accounts that one browser is known for; beyond it, the least recent one is forgotten
MAX_LENGTH = 1_000  # characters that are looked at
_SALT = "orders.known_browser"


def number_of(request: HttpRequest, account: str) -> str:
    """The number by which this browser is known for this account's name; empty if it is not."""
    return _known(request).get(_digest(account), "")


def remember(request: HttpRequest, response: HttpResponseBase, account: str) -> None:
    """Know this browser from now on: the user of this account has just logged in."""
    known = _known(request)
    digest = _digest(account)
    number = known.pop(digest, "") or secrets.token_hex(8)
    newest = {digest: number, **known}
    response.set_cookie(
        COOKIE,
        signing.dumps(list(newest.items())[:MOST], salt=_SALT),
        max_age=MAX_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known(request: HttpRequest) -> dict[str, str]:
    signed = request.COOKIES.get(COOKIE, "")[:MAX_LENGTH]
    try:
        return dict(signing.loads(signed, salt=_SALT, max_age=MAX_AGE))
    except signing.BadSignature:
        return {}


def _digest(account: str) -> str:
    return salted_hmac(_SALT, account.lower(), algorithm="sha256").hexdigest()[:32]
