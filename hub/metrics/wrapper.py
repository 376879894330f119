"""The ASGI application around all others that measures each HTTP request."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Container, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from hub.metrics import receivers
from hub.metrics.meter import Meter
from hub.metrics.own import OWN_FILES
from hub.metrics.record import STATIC, UNROUTED, Record, current_record
from hub.paths import path_below_root

Scope = MutableMapping[str, Any]
Frame = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Frame]]
Send = Callable[[Frame], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class MetricsApplication:
    """Counts each HTTP request: in flight while it runs, and with its status at its end.

    Only from outside every request has an end. Django sends no `request_finished` when a streamed
    body raises, no signal at all when a client leaves during its upload, and neither signal has
    the status. WebSockets pass through.

    Requests below STATIC_URL count as the route "static". Requests of `own_paths`, and the files
    of the dashboard, are not counted: they are made by looking at the figures. Every response
    carries the request's id as `X-Request-ID`. Making an instance connects the receivers of
    Django's request signals, which time the request.
    """

    def __init__(
        self,
        application: Application,
        meter: Meter,
        own_paths: Callable[[], Container[str]] = tuple,
    ) -> None:
        receivers.connect()
        self._application = application
        self._meter = meter
        self._own_paths = own_paths
        self._static_prefix = _static_prefix()
        self._own_files = self._static_prefix and self._static_prefix + OWN_FILES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        path = path_below_root(scope)
        is_static = self._static_prefix and path.startswith(self._static_prefix)
        is_own = path.startswith(self._own_files) if is_static else path in self._own_paths()
        route = STATIC if is_static else UNROUTED
        record = Record(route, scope["method"], scope.get("scheme", "http"))

        async def watched_receive() -> Frame:
            frame = await receive()
            if frame["type"] == "http.disconnect" and not record.answered:
                record.left = True
            return frame

        async def watched_send(frame: Frame) -> None:
            if frame["type"] == "http.response.start":
                record.status = frame["status"]
                own = (b"x-request-id", record.id.encode())
                frame = {**frame, "headers": [*frame.get("headers", ()), own]}
            elif frame["type"] == "http.response.body" and not frame.get("more_body", False):
                # Before it is passed on: some servers report the end of the response as a
                # disconnect, and then no client has left.
                record.answered = True
            await send(frame)

        if not is_own:
            self._meter.open()
        opened_at = time.perf_counter()
        token = current_record.set(record)
        try:
            await self._application(scope, watched_receive, watched_send)
        except asyncio.CancelledError:
            record.left = True
            raise
        except BaseException:
            record.failed = True
            raise
        finally:
            current_record.reset(token)
            if not is_own:
                self._meter.close(record, time.perf_counter() - opened_at)


def _static_prefix() -> str:
    """The path of STATIC_URL; empty where another host serves the files, or the URL is not set."""
    url = urlsplit(settings.STATIC_URL or "")
    return "" if url.netloc or url.path == "/" else url.path
