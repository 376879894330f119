"""A client of `/ws/` over a real socket, which keeps all it hears and when it heard it."""

import asyncio
import json
import time
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.rig.wait import PATIENCE, async_wait_until

Frame = dict[str, Any]


class Heard(NamedTuple):
    """A frame, and the wall clock's seconds when it came."""

    frame: Frame
    at: float

    @property
    def latency(self) -> float:
        """Seconds since the event was inserted, which is a little before its commit."""
        return self.at - datetime.fromisoformat(self.frame["at"]).timestamp()


class Listener:
    """Connects, says hello and answers pings; `greets=False` leaves the talking to the test.

    `cookie` is a Cookie header (see Shopper), `ticket` goes into hello; with neither it is an
    anonymous visitor.
    """

    def __init__(
        self,
        ws_url: str,
        *,
        cookie: str = "",
        ticket: str | None = None,
        topics: Collection[str] = (),
        resume: Frame | None = None,
        greets: bool = True,
    ) -> None:
        self.welcome: Frame = {}
        self.heard: list[Heard] = []
        self._url = ws_url
        self._headers = {"Cookie": cookie} if cookie else {}
        self._hello: Frame = {"op": "hello", "topics": list(topics)}
        if ticket is not None:
            self._hello["ticket"] = ticket
        if resume is not None:
            self._hello["resume"] = resume
        self._greets = greets
        self._next = 0
        self._refs = 0

    async def __aenter__(self) -> Self:
        # No pings of the client's own: a server that stands still must not end the connection.
        self._socket: ClientConnection = await connect(
            self._url, additional_headers=self._headers, max_size=None, ping_interval=None
        )
        self._reading = asyncio.create_task(self._read())
        if self._greets:
            await self.say(self._hello)
            self.welcome = await self.hear("welcome")
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._socket.close()
        await self._reading

    async def say(self, frame: Frame | str | bytes) -> None:
        """Send a frame; text and bytes go out as they are."""
        await self._socket.send(json.dumps(frame) if isinstance(frame, dict) else frame)

    async def ask(self, op: str, topics: Collection[str], **fields: Any) -> Frame:
        """Send a frame with a reference of its own, and return the reply to it."""
        self._refs += 1
        ref = str(self._refs)
        await self.say({"op": op, "ref": ref, "topics": list(topics), **fields})
        return await self.hear("reply", ref=ref)

    async def hear(self, op: str, within: float = PATIENCE, **fields: Any) -> Frame:
        """The next frame with this op and these fields; what came before it is passed over.

        AssertionError after `within` seconds, or when the connection ends before.
        """

        def look() -> Frame | None:
            while self._next < len(self.heard):
                frame = self.heard[self._next].frame
                self._next += 1
                if frame["op"] == op and all(frame.get(k) == v for k, v in fields.items()):
                    return frame
            assert self.is_open, f"closed with {self._socket.close_code} before {op} {fields}"
            return None

        found: Frame = await async_wait_until(look, within, lambda: f"{op} {fields}: {self.heard}")
        return found

    async def expect(self, type: str, latency: float | None = None, **data: Any) -> Frame:
        """The next event of a type whose data has these values.

        `latency` is what is promised, in seconds: AssertionError when it came later. How soon the
        test looks does not matter.
        """
        async with asyncio.timeout(PATIENCE):
            while True:
                event = await self.hear("event", type=type)
                if all(event["data"].get(key) == value for key, value in data.items()):
                    break
        took = self.latest.latency
        assert latency is None or took <= latency, f"{type} took {took:.2f} s"
        return event

    async def closed(self, within: float = PATIENCE) -> int:
        """Wait until the server has closed the connection; the close code, 1006 without one."""
        await async_wait_until(lambda: not self.is_open, within, "the server closes")
        return self._socket.close_code or 1006

    @property
    def latest(self) -> Heard:
        """What `hear` or `expect` returned last, and when it came."""
        return self.heard[self._next - 1]

    @property
    def is_open(self) -> bool:
        return not self._reading.done()

    def events(self, type: str | None = None) -> list[Heard]:
        """The events heard so far, of one type or of all but the metrics'."""
        events = [one for one in self.heard if one.frame["op"] == "event"]
        if type is None:
            return [one for one in events if one.frame["type"] != "metrics.sample"]
        return [one for one in events if one.frame["type"] == type]

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                frame = json.loads(text)
                self.heard.append(Heard(frame, time.time()))
                if frame["op"] == "ping" and self._greets:
                    await self.say({"op": "pong", "position": frame["position"]})
        except ConnectionClosed:
            return  # `closed` and `hear` tell the test
