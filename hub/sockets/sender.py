"""The sending half of one WebSocket. A push never waits for the peer."""

import asyncio
import contextvars
import types
from collections.abc import Awaitable, Callable
from typing import Any

from hub.broadcast.shared_event import SharedEvent
from hub.sockets.close_codes import CloseCode
from hub.sockets.protocol import goodbye
from hub.sockets.stepping import Stepper
from hub.sockets.wire import WriteFrame

Send = Callable[[dict[str, Any]], Awaitable[None]]

CLOSE_TIMEOUT = 10.0  # seconds for a peer that does not read to be told that it is over
DISCONNECT_GRACE = 5.0  # seconds from a failed send until the server says that the peer left


class FrameSender:
    """Wraps the server's `send`, and whatever middleware lies around it.

    `push` never waits: it steps the server's coroutine once. Most of the time that finishes it
    (the bytes are in the write buffer). If it would block, the peer is behind: the rest runs in
    a task, `is_blocked` is true meanwhile, and nothing should be pushed until `drained`.

    Each send runs in a copy of the context that the connection was made in, never in the caller's.
    `give_up` is called with what `send` raised, unless the peer had simply left. The socket may
    still be open then, with a client that waits: `close` it.

    Where the server takes finished frames (`write_frame`), an event that many sockets share goes
    there, unless a send before it is unfinished; `send` remains for all that it turns down.
    """

    def __init__(
        self,
        send: Send,
        stepper: Stepper,
        give_up: Callable[[BaseException], None],
        write_frame: WriteFrame | None = None,
    ) -> None:
        self._send = send
        self._write_frame = write_frame
        self._stepper = stepper
        self._give_up = give_up
        self._context = contextvars.copy_context()
        self._giving_up: asyncio.TimerHandle | None = None
        self._left = False
        self._close_sent = False
        self._unfinished: tuple[asyncio.Task[None], ...] = ()
        self.is_blocked = False
        self.closed = False
        self.finished_sends = 0  # blocked sends that went through: a slow reader's progress

    def push(self, text: str) -> bool:
        """Hand a frame to the server; False where the peer has left."""
        return self._push({"type": "websocket.send", "text": text})

    def push_encoded(self, event: SharedEvent) -> bool:
        """As `push`, for an ASGI event that many sockets share."""
        if self.closed:
            return False
        write_frame = self._write_frame
        try:
            if write_frame is not None and not self.is_blocked and write_frame(event.frame):
                return True
        except (Exception, asyncio.CancelledError) as error:
            self._fail(error)
            return False
        return self._push(event)

    def _push(self, event: dict[str, Any]) -> bool:
        if self.closed:
            return False
        try:
            sending: Any = self._send(event)
            if type(sending) is not types.CoroutineType and not hasattr(sending, "send"):
                sending = _wait_for(sending)  # Granian's is a future
            task = self._stepper.step(sending, self._context.copy())
        except (Exception, asyncio.CancelledError) as error:
            self._fail(error)
            return False
        if task is not None:
            self._unfinished = (*self._unfinished, task)
            self.is_blocked = True
            task.add_done_callback(self._finished)
        return True

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._unfinished = tuple(one for one in self._unfinished if one is not task)
        self.is_blocked = bool(self._unfinished)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is None:
            self.finished_sends += 1
        else:
            self._fail(error)

    async def drained(self) -> None:
        """Wait until the server took everything that was pushed."""
        while self.is_blocked:
            await asyncio.wait(self._unfinished)

    async def close(self, code: CloseCode) -> bool:
        """Say goodbye and close; never raises, never waits longer than CLOSE_TIMEOUT.

        False where the peer does not even take the close.
        """
        if self._left or self._close_sent or not (self.closed or self.push(goodbye(code))):
            return True
        self.closed = self._close_sent = True
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
        if self._giving_up is not None:
            self._giving_up.cancel()

    def _fail(self, error: BaseException) -> None:
        """A send raised: the peer left, or a server or a middleware is broken.

        For a peer that left ASGI names OSError, but not every server keeps to it, and a time-out
        is an OSError too. What tells is that the server's disconnect event has come, or soon comes.
        """
        self.closed = True
        if not self._left and self._giving_up is None:
            loop = asyncio.get_running_loop()
            self._giving_up = loop.call_later(DISCONNECT_GRACE, self._give_up, error)


async def _wait_for(sending: Awaitable[None]) -> None:
    await sending
