"""The ASGI application around all others that measures each HTTP request."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from hub.metrics import receivers
from hub.metrics.meter import Meter
from hub.metrics.record import SCOPE_KEY, STATIC, UNROUTED, Record, current_record

Scope = MutableMapping[str, Any]
Frame = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Frame]]
Send = Callable[[Frame], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class MetricsApplication:
    """Opens a record for each HTTP request, and closes it if nobody else did.

    Django announces most ends of a request, but not all: nothing is sent when a streamed body
    raises or when the client leaves during its upload, and files served outside Django never get
    there. What this wrapper sees passing by repairs that. WebSockets go through untouched.

    Requests below `static_prefix` count as the route "static". Making an instance connects the
    receivers of Django's request signals.
    """

    def __init__(
        self, application: Application, meter: Meter, static_prefix: str = "/static/"
    ) -> None:
        receivers.connect()
        self._application = application
        self._meter = meter
        self._static_prefix = static_prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        static = scope["path"].startswith(self._static_prefix)
        record = Record(self._meter, STATIC if static else UNROUTED)

        async def watched_receive() -> Frame:
            frame = await receive()
            if frame["type"] == "http.disconnect" and not record.answered:
                record.left = True
            return frame

        async def watched_send(frame: Frame) -> None:
            if frame["type"] == "http.response.start":
                record.status = frame["status"]
            elif frame["type"] == "http.response.body" and not frame.get("more_body", False):
                # Before it is handed on: some servers report the end of the response as a
                # disconnect, and that one is nobody leaving.
                record.answered = True
            await send(frame)

        record.open()
        token = current_record.set(record)
        try:
            await self._application({**scope, SCOPE_KEY: record}, watched_receive, watched_send)
        except asyncio.CancelledError:
            record.left = True
            raise
        except BaseException:
            record.failed = True
            raise
        finally:
            record.close()
            current_record.reset(token)
