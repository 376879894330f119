"""Checks that a WebSocket was opened by a page of this site.

Browsers let any page open a socket to any host, with that host's cookies, and always send an
Origin: a foreign one is refused. Other clients send none, and send no cookies by accident.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.utils.http import is_same_domain

LOCAL_HOSTS = [".localhost", "127.0.0.1", "[::1]"]
PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def is_own_origin(scope: dict[str, Any]) -> bool:
    """Scheme, host and port equal the request's, or the origin is one of CSRF_TRUSTED_ORIGINS."""
    headers = dict(scope["headers"])
    raw = headers.get(b"origin")
    if raw is None:
        return True
    origin = raw.decode("latin-1")
    if any(_is_trusted(origin, trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS):
        return True
    here = headers.get(b"host", b"").decode("latin-1")
    # As Django: a project in development has none, and is served on this machine.
    local = LOCAL_HOSTS if settings.DEBUG else []
    allowed: Iterable[str] = settings.ALLOWED_HOSTS or local
    domain, _ = split_domain_port(here)
    if not domain or not validate_host(domain, allowed):
        return False
    secure = scope.get("scheme") in ("wss", "https")
    own = _place(f"{'https' if secure else 'http'}://{here}")
    return own is not None and _place(origin) == own


def _is_trusted(origin: str, trusted: str) -> bool:
    """As in Django's CSRF check: `https://*.shop.example` stands for every subdomain."""
    scheme, _, host = trusted.partition("://*")
    if not host:
        return origin == trusted
    its_scheme, _, its_host = origin.partition("://")
    return its_scheme == scheme and is_same_domain(its_host, host)


def _place(url: str) -> tuple[str, str | None, int | None] | None:
    try:
        parts = urlsplit(url)
        if parts.username is not None:
            return None  # No browser sends one.
        return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return None
