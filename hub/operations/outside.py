"""Examines the site from outside, through its proxies: `manage.py hub_doctor --url https://…`."""

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit

from hub.operations.finding import Finding
from hub.runtime import echo
from hub.sockets.protocol import SUBPROTOCOL

SOCKET_PATH = "/ws/"
TIMEOUT = 10.0  # seconds for each request
SUBJECT = "outside"


def examine_from_outside(url: str) -> Iterator[Finding]:
    """What a browser would meet at `url`: the address of the site, or of its socket.

    Raises ValueError, at once, for what is neither http nor https with a host.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"--url wants https://host or http://host, not {url!r}")
    if parts.path in ("", "/"):
        parts = parts._replace(path=SOCKET_PATH)
    return _examine(parts)


def _examine(parts: SplitResult) -> Iterator[Finding]:
    try:
        seen = _ask(parts)
    except _Astray as error:
        yield Finding(SUBJECT, "failure", str(error), error.hint)
        return
    mended = list(_headers(parts, seen))
    yield from mended
    if not mended:
        yield Finding(SUBJECT, "ok", f"requests arrive as {parts.scheme}://{parts.netloc}")
    yield _socket(parts)


class _Astray(Exception):
    """No answer of this site's hub came back."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.hint = hint


def _ask(parts: SplitResult) -> dict[str, Any]:
    """What the server saw of a request to this address."""
    request = urllib.request.Request(
        parts.geturl(), headers={echo.HEADER.decode(): echo.question()}
    )
    hint = "the proxy must pass this address, and all headers, to a server of this site"
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            seen = json.loads(answer.read(65_536))
    except urllib.error.HTTPError as error:
        raise _Astray(f"{parts.geturl()} answers {error.code} {error.reason}", hint) from error
    except ssl.SSLError as error:
        raise _Astray(f"no TLS with {parts.netloc}: {error}", "look at its certificate") from error
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise _Astray(f"{parts.netloc} cannot be reached: {reason}", "is it running?") from error
    except ValueError as error:
        secret = "does its server have the same SECRET_KEY as this process?"
        raise _Astray(f"{parts.geturl()} is not answered by this hub", secret) from error
    if not isinstance(seen, dict):
        raise _Astray(f"{parts.geturl()} is not answered by this hub", hint)
    return seen


def _headers(parts: SplitResult, seen: dict[str, Any]) -> Iterator[Finding]:
    if seen["host"] != parts.netloc:
        yield Finding(
            SUBJECT,
            "failure",
            f"the proxy replaces Host: the server is asked for {seen['host']}",
            "nginx: proxy_set_header Host $http_host; (Caddy keeps it)",
        )
    if seen["scheme"] != parts.scheme:
        if seen["x-forwarded-proto"] is None:
            text = "the proxy sends no X-Forwarded-Proto: pages and sockets seem to come by http"
            hint = "nginx: proxy_set_header X-Forwarded-Proto $scheme; (Caddy sends it)"
        else:
            text = f"X-Forwarded-Proto arrives, but {seen['peer']} is not trusted with it"
            hint = f"add {seen['peer']} to TRUSTED_PROXIES if that is your proxy"
        yield Finding(SUBJECT, "failure", text, hint)
    direct = seen["scheme"] == parts.scheme and seen["x-forwarded-proto"] is None
    if seen["x-forwarded-for"] is None and not direct:
        yield Finding(
            SUBJECT,
            "warning",
            f"the proxy sends no X-Forwarded-For: all visitors seem to come from {seen['peer']}",
            "nginx: proxy_set_header X-Forwarded-For $remote_addr; (Caddy sends it)",
        )


def _socket(parts: SplitResult) -> Finding:
    """A socket opened as a page of the site does it."""
    try:
        from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
        from websockets.sync.client import connect
    except ImportError:
        needed = "pip install django-realtime-hub[client]"
        return Finding(SUBJECT, "warning", "no socket was opened: websockets is missing", needed)
    secure = parts.scheme == "https"
    address = parts._replace(scheme="wss" if secure else "ws").geturl()
    origin: Any = f"{parts.scheme}://{parts.netloc}"
    protocol: Any = SUBPROTOCOL
    begun = time.monotonic()
    try:
        with connect(
            address, origin=origin, subprotocols=[protocol], open_timeout=TIMEOUT, proxy=None
        ) as socket:
            socket.send(json.dumps({"op": "hello", "topics": []}))
            # A goodbye is no answer: the close that follows it says why.
            while json.loads(socket.recv(TIMEOUT))["op"] != "welcome":
                pass
    except InvalidStatus as error:
        return Finding(
            SUBJECT,
            "failure",
            f"{address} answers {error.response.status_code} instead of opening a socket",
            "nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
            'proxy_set_header Connection "upgrade"; (Caddy passes sockets)',
        )
    except ConnectionClosed as error:
        code = error.rcvd.code if error.rcvd else 1006
        hint = "the server's log has why"
        if code == 4503:
            hint = f"the server does not take {origin} for its own: mend the headers above, or add "
            hint += f"{origin} to CSRF_TRUSTED_ORIGINS"
        return Finding(SUBJECT, "failure", f"{address} is closed with {code}", hint)
    except (OSError, WebSocketException, ValueError, KeyError, TypeError) as error:
        hint = "the server's and the proxy's log have why"
        return Finding(SUBJECT, "failure", f"{address} opens no socket: {error}", hint)
    took = (time.monotonic() - begun) * 1000
    return Finding(SUBJECT, "ok", f"{address} is open and answers after {took:.0f} ms")
