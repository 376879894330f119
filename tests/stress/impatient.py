"""A project's ASGI middleware: traces every send, as OpenTelemetry's does, and gives it a time."""

import asyncio
from contextvars import ContextVar
from typing import Any

PATIENCE = 0.3  # seconds

span: ContextVar[object | None] = ContextVar("span", default=None)


class Impatient:
    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def traced(message: Any) -> None:
            token = span.set(object())
            async with asyncio.timeout(PATIENCE):
                await send(message)
            span.reset(token)  # raises in another context than the one of `set`

        await self._application(scope, receive, traced)
