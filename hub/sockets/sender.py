"""The sending half of one WebSocket. A push never waits for the peer."""

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from hub.sockets.close_codes import CloseCode
from hub.sockets.protocol import goodbye

Send = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]

CLOSE_TIMEOUT = 10.0  # seconds for a peer that does not read to be told that it is over
DISCONNECT_GRACE = 5.0  # seconds from a failed send until the server says that the peer left


class FrameSender:
    """Wraps the server's `send`.

    `push` never waits: it steps the server's coroutine once. Most of the time that finishes it
    (the bytes are in the write buffer). If it would block, the peer is behind: the rest runs in
    a task, `is_blocked` is true meanwhile, and nothing should be pushed until `drained`.

    `report` takes what `send` raised, unless the peer had simply left.
    """

    def __init__(self, send: Send, report: Callable[[Exception], None]) -> None:
        self._send = send
        self._report = report
        self._reporting: asyncio.TimerHandle | None = None
        self._left = False
        self._rest: asyncio.Task[None] | None = None
        self.closed = False
        self.finished_sends = 0  # blocked sends that went through: a slow reader's progress

    @property
    def is_blocked(self) -> bool:
        return self._rest is not None and not self._rest.done()

    def push(self, text: str) -> bool:
        """Hand a frame to the server; False where the peer has left."""
        return self.push_encoded({"type": "websocket.send", "text": text})

    def push_encoded(self, event: dict[str, Any]) -> bool:
        """As `push`, for an ASGI event that many sockets share."""
        if self.closed:
            return False
        sending = self._send(event)
        try:
            waiting_for = sending.send(None)
        except StopIteration:
            return True
        except Exception as error:
            self._fail(error)
            return False
        earlier, self._rest = self._rest, None
        self._rest = asyncio.ensure_future(self._finish(earlier, sending, waiting_for))
        return True

    async def _finish(
        self,
        earlier: asyncio.Task[None] | None,
        sending: Coroutine[Any, Any, None],
        waiting_for: Any,
    ) -> None:
        try:
            await _resume(sending, waiting_for)
            self.finished_sends += 1
            if earlier is not None:
                await earlier
        except Exception as error:
            self._fail(error)

    async def drained(self) -> None:
        """Wait until the server took everything that was pushed."""
        while self.is_blocked:
            assert self._rest is not None
            await asyncio.shield(self._rest)

    async def close(self, code: CloseCode) -> bool:
        """Say goodbye and close; never raises, never waits longer than CLOSE_TIMEOUT.

        False where the peer does not even take the close.
        """
        if self.closed:
            return True
        self.push(goodbye(code))
        already, self.closed = self.closed, True
        if already:
            return True
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._send(
                    {"type": "websocket.close", "code": code.code, "reason": code.reason}
                )
        except TimeoutError:
            return False
        except Exception as error:
            self._fail(error)
        return True

    def leave(self) -> None:
        """The server says that the peer left."""
        self.closed = self._left = True
        if self._reporting is not None:
            self._reporting.cancel()

    def _fail(self, error: Exception) -> None:
        """A send raised: the peer left, or a server or a middleware is broken.

        For a peer that left ASGI names OSError, but not every server keeps to it. What tells is
        that the server's disconnect event has come, or soon comes.
        """
        self.closed = True
        if not isinstance(error, OSError) and not self._left and self._reporting is None:
            loop = asyncio.get_running_loop()
            self._reporting = loop.call_later(DISCONNECT_GRACE, self._report, error)


@types.coroutine
def _resume(sending: Coroutine[Any, Any, None], waiting_for: Any) -> Generator[Any, Any, None]:
    """Go on with a coroutine that was stepped once: wait for what it waits for, then step again."""
    while True:
        try:
            result = yield waiting_for
        except BaseException as error:
            step: Callable[[Any], Any] = sending.throw
            argument: Any = error
        else:
            step, argument = sending.send, result
        try:
            waiting_for = step(argument)
        except StopIteration:
            return
