"""Tells the doctor how its request arrived, behind whatever proxies stand in front of the server.

The answer shows what proxies added, so only who can sign with the secret of the site is answered.
"""

import json
import secrets
from typing import Any

from django.core import signing

from hub.runtime.asgi import Scope

HEADER = b"x-hub-doctor"
_MAX_AGE = 60  # seconds
_SALT = "hub.doctor"
_FORWARDED = ("host", "x-forwarded-for", "x-forwarded-proto")


def question() -> str:
    """A value of the header, valid for a minute."""
    return signing.TimestampSigner(salt=_SALT).sign(secrets.token_urlsafe(8))


def is_asked(scope: Scope) -> bool:
    """Whether the doctor of this site sent the request."""
    for name, value in scope["headers"]:
        if name == HEADER:
            try:
                signing.TimestampSigner(salt=_SALT).unsign(value.decode("latin-1"), _MAX_AGE)
            except signing.BadSignature:
                return False
            return True
    return False


def answer(scope: Scope, address: str | None) -> str:
    """As JSON: the headers that count, the peer, and the scheme and address made of them."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    told: dict[str, Any] = {name: headers.get(name) for name in _FORWARDED}
    peer = (scope.get("client") or (None,))[0]
    return json.dumps({**told, "peer": peer, "scheme": scope["scheme"], "address": address})
