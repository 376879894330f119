"""A small asyncio client: an async iterator of events that reconnects and resumes by itself.

async with Client("ws://localhost:8000/ws/", ticket=ticket) as events:
    async for event in events:
        print(event["title"])
"""

import asyncio
import json
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from hub.errors import HubError
from hub.sockets.protocol import SUBPROTOCOL, events_of

try:
    from websockets.asyncio.client import ClientConnection, connect
    from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
except ModuleNotFoundError as error:
    needed = "hub.client and hub_tail need websockets: pip install 'django-realtime-hub[client]'"
    raise ModuleNotFoundError(needed, name=error.name) from error

logger = logging.getLogger("hub.client")

BACKOFF_BASE = 0.5  # seconds; full jitter: a random time up to BACKOFF_BASE * 2^attempt
BACKOFF_MAX = 20.0  # seconds
FINAL = 4500  # close codes from this one on mean: do not reconnect
TICKET_EXPIRED = 4401  # reconnect with a new ticket, where one can be fetched
STABLE_AFTER = 10.0  # seconds of a connection, after which backing off starts again
CONNECTION_ERRORS = (OSError, ConnectionClosed, InvalidHandshake, InvalidMessage, TimeoutError)


class Closed(HubError):
    """The server told this client not to reconnect, with a close code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code} ({reason or 'no reason given'})")
        self.code = code
        self.reason = reason


class Client:
    """An async iterator of events; each is a dict as on the wire.

    `ticket` is a text, or a function that fetches a new one for each connection, or None for an
    anonymous visitor. `topics` are requested besides the user's own. The client reconnects and
    resumes at its position; it drops an event that comes twice. `on_welcome` is called with each
    welcome, which names the refused topics; an exception in it ends the iteration.

    Raises Closed when the server says not to reconnect, or when a ticket given as text has expired.
    """

    def __init__(
        self,
        url: str,
        ticket: Any | None = None,
        *,
        topics: Collection[str] = (),
        resume: dict[str, Any] | None = None,
        on_welcome: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.url = url
        self.welcome: dict[str, Any] = {}
        self.cursor = resume  # {"epoch", "position"}: where to resume
        self._ticket = ticket
        self._topics = list(topics)
        self._on_welcome = on_welcome
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        return self.events()

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        attempt = 0
        while True:
            goodbye: dict[str, Any] = {}
            begun = time.monotonic()
            try:
                async with connect(self.url, subprotocols=[SUBPROTOCOL]) as self._socket:  # type: ignore[list-item]
                    await self._hello()
                    async for text in self._socket:
                        frame = json.loads(text)
                        if frame["op"] == "goodbye":
                            goodbye = frame
                        for event in events_of(frame):
                            if self._is_new(event):
                                yield event
                                self._advance(event)
                        await self._handle(frame)
            except CONNECTION_ERRORS as error:
                logger.info("connection lost: %r", error)
            code = self._socket.close_code if self._socket is not None else None
            code = goodbye.get("code", code)
            if code is not None and (FINAL <= code < 5000 or self._is_out_of_tickets(code)):
                raise Closed(code, goodbye.get("reason", ""))
            if time.monotonic() - begun > STABLE_AFTER:
                attempt = 0
            pause = random.uniform(0, min(BACKOFF_MAX, BACKOFF_BASE * 2**attempt))
            attempt += 1
            await asyncio.sleep(max(pause, goodbye.get("retry_ms", 0) / 1000))

    async def _hello(self) -> None:
        hello: dict[str, Any] = {"op": "hello", "topics": self._topics, "runs": True}
        ticket = self._ticket() if callable(self._ticket) else self._ticket
        if asyncio.iscoroutine(ticket):
            ticket = await ticket
        if ticket is not None:
            hello["ticket"] = ticket
        if self.cursor is not None:
            hello["resume"] = self.cursor
        await self._send(hello)

    async def _handle(self, frame: dict[str, Any]) -> None:
        if frame["op"] == "welcome":
            self.welcome = frame
            self.cursor = {"epoch": frame["epoch"], "position": frame["position"]}
            if self._on_welcome is not None:
                self._on_welcome(frame)
        elif frame["op"] == "ping":
            if self.cursor is not None:
                self.cursor["position"] = frame["position"]
            await self._send({"op": "pong", "position": frame["position"]})

    def _is_out_of_tickets(self, code: int) -> bool:
        return code == TICKET_EXPIRED and not callable(self._ticket)

    def _is_new(self, event: dict[str, Any]) -> bool:
        return "id" not in event or self.cursor is None or event["id"] > self.cursor["position"]

    def _advance(self, event: dict[str, Any]) -> None:
        if "id" in event and self.cursor is not None:
            self.cursor["position"] = event["id"]

    async def _send(self, frame: dict[str, Any]) -> None:
        assert self._socket is not None
        with suppress(ConnectionClosed):  # The loop over the frames ends then.
            await self._socket.send(json.dumps(frame))
