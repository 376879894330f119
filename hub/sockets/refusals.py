"""What a server logs when it turns a client away for good: once per kind, and what to change."""

import logging
from collections.abc import Mapping
from typing import Any

from hub.concurrency.warn_once import WarnOnce

logger = logging.getLogger("hub.consumers")
_once = WarnOnce(logger)

SHOWN = 100  # characters of what a client sent


def foreign_origin(scope: Mapping[str, Any]) -> None:
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"").decode("latin-1")[:SHOWN]
    host = headers.get(b"host", b"").decode("latin-1")[:SHOWN]
    _once.warn(
        f"origin {origin} {host}",
        "4503: a page of %r opened a socket to %r, which is another site. If it is yours, put its "
        "host into ALLOWED_HOSTS and let the proxy pass Host and X-Forwarded-Proto "
        "(TRUSTED_PROXIES), or put the page's origin into CSRF_TRUSTED_ORIGINS",
        origin,
        host,
    )


def bad_frame(error: Exception) -> None:
    text = str(error)[:SHOWN]
    _once.warn(
        f"frame {text}",
        "4500: a client sent a frame that is not of the protocol (%s). Each is a JSON text such as "
        '{"op":"hello"}, with the hello first and once',
        text,
    )


def bad_ticket(error: Exception) -> None:
    _once.warn(
        "ticket",
        "4501: a client's ticket is not valid (%s). It is signed with this site's SECRET_KEY, and "
        "ends with the session that it was issued to",
        str(error)[:SHOWN],
    )
