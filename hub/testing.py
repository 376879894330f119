"""Test helpers for projects that use the hub: a browser without a network.

    async def test_the_buyer_gets_a_toast():
        async with HubCommunicator(application, user=ana) as browser:
            await sync_to_async(Order.objects.create)(…)
            event = await browser.expect("order.received")

Needs committed rows: `@pytest.mark.django_db(transaction=True)`. With pytest, `hub.pytest_plugin`
brings fixtures.
"""

import asyncio
import json
import secrets
import warnings
from collections import deque
from collections.abc import Collection
from types import TracebackType
from typing import Any, ClassVar, Self

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import connections, router, transaction

from hub.events import EventType
from hub.identity.authentication import signed_ticket
from hub.models import Event
from hub.publishing import failures
from hub.publishing.publisher import publish
from hub.runtime.application import HubApplication
from hub.sockets.protocol import events_of

ticket_for = signed_ticket

# A test must see what a receiver raises.
failures.passed_on = True


class Fence(EventType, frozen=True):
    """Marks a place in the log. When it arrives, everything committed before it has arrived."""

    type: ClassVar[str] = "test.fence"
    mark: str


class HubCommunicator(WebsocketCommunicator):
    """A browser of one user, without a network.

    `user` None is an anonymous visitor; a user is authenticated by a ticket. With `runs` the
    server may send several events in one frame, as it does to browsers; they are told one by one,
    as without. At the end of the
    block the hub of this test's event loop is stopped, so that the test database can be dropped.
    """

    def __init__(
        self,
        application: HubApplication,
        user: Any | None = None,
        *,
        path: str = "/ws/",
        runs: bool = False,
    ) -> None:
        _warn_of_memory()
        headers = [(b"host", b"localhost")]
        super().__init__(application, path, headers=headers, subprotocols=["hub.v1"])
        self.hub = application
        self.user = user
        self.runs = runs
        self._events: deque[dict[str, Any]] = deque()  # of a frame of several, not told yet
        self.welcome: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.leave()

    async def leave(self) -> None:
        """Disconnect, and stop the hub of this loop."""
        try:
            # After a wait that timed out, the application has ended already.
            if not self.future.cancelled():
                await self.disconnect()
        finally:
            await self.hub.stop()

    async def connect(
        self,
        timeout: float = 5,
        *,
        topics: Collection[str] = (),
        resume: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Connect as the user, send the hello, and return the welcome. `timeout` in seconds."""
        accepted, code = await self.handshake(timeout)
        assert accepted, f"the handshake was refused with {code}"
        hello: dict[str, Any] = {"op": "hello", "topics": list(topics), "runs": self.runs}
        if self.user is not None:
            hello["ticket"] = await sync_to_async(ticket_for)(self.user)
        if resume is not None:
            hello["resume"] = resume
        await self.say(hello)
        self.welcome = await self.hear("welcome", timeout)
        return self.welcome

    async def handshake(self, timeout: float = 5) -> tuple[bool, Any]:
        """Open the socket without a hello: (accepted, subprotocol or close code)."""
        opened: tuple[bool, Any] = await super().connect(timeout=timeout)
        return opened

    async def say(self, frame: dict[str, Any]) -> None:
        """Send a frame as JSON."""
        await self.send_to(text_data=json.dumps(frame))

    async def next(self, timeout: float = 5) -> dict[str, Any]:
        """The next frame of any kind; of several events in one frame, each. A ping is answered."""
        if self._events:
            return self._events.popleft()
        sent = await self.receive_output(timeout)
        if sent["type"] == "websocket.close":
            raise AssertionError(f"the server closed with {sent.get('code')}")
        frame: dict[str, Any] = json.loads(sent["text"])
        if frame["op"] == "ping":
            await self.answer(frame)
        if frame["op"] == "events":
            self._events.extend(events_of(frame))
            return self._events.popleft()
        return frame

    async def answer(self, ping: dict[str, Any]) -> None:
        """Acknowledge everything up to a ping."""
        await self.say({"op": "pong", "position": ping["position"]})

    async def hear(self, op: str, timeout: float = 5) -> dict[str, Any]:
        """The next frame with this op; others are skipped. `timeout` in seconds."""
        async with asyncio.timeout(timeout):
            while (frame := await self.next(timeout))["op"] != op:
                pass
        return frame

    async def expect(self, type: str, timeout: float = 5) -> dict[str, Any]:
        """The next event of this type; others are skipped. `timeout` in seconds."""
        async with asyncio.timeout(timeout):
            while (frame := await self.hear("event", timeout))["type"] != type:
                pass
        return frame

    async def silent_until(self, fence: str) -> None:
        """Assert that no event arrives before one published now on the topic `fence`.

        Everything committed earlier would have arrived by then.
        """
        mark = await sync_to_async(publish_fence)(fence)
        frame = await self.hear("event")
        assert frame["data"] == {"mark": mark}, f"expected silence, got {frame}"

    async def closed(self, timeout: float = 5) -> int:
        """Wait for the server to close, and return its code. `timeout` in seconds."""
        async with asyncio.timeout(timeout):
            while (sent := await self.receive_output(timeout))["type"] != "websocket.close":
                pass
        code: int = sent["code"]
        return code


def publish_fence(topic: str) -> str:
    """Publish a fence and return its mark."""
    mark = secrets.token_hex(4)
    with transaction.atomic(using=router.db_for_write(Event)):
        publish(Fence(mark=mark), topic)
    return mark


def _warn_of_memory() -> None:
    """Threads that share a database in memory do not wait for its locks: tests fail at random."""
    connection: Any = connections[router.db_for_write(Event)]
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        text = "the test database is in memory, where tests of the hub fail at random: "
        text += "DATABASES['default']['TEST'] = {'NAME': BASE_DIR / 'test.sqlite3'}"
        warnings.warn(text, stacklevel=3)
