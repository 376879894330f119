"""The connection below the consumer: what the server reads and does not hand on, and what it holds.

Nothing in ASGI tells of pings, pongs and fragments, or how much the server has not written yet. So
the server's object for this one connection is found behind its `send`, and its input passes through
here first. Only the hub's own sockets are looked at.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from hub.concurrency.token_bucket import TokenBucket
from hub.limits import Limits
from hub.sockets.frame_meter import FrameMeter

logger = logging.getLogger("hub.sockets")

# Writes a finished frame if the server's own `send` would write the same bytes at once; else it
# returns False and does nothing. So nothing of what a `send` does is lost.
WriteFrame = Callable[[bytes], bool]

# The name of the method that takes what arrives, by the module of the server's class.
INPUTS = {
    "daphne.ws_protocol": "dataReceived",
    "gunicorn.asgi.websocket": "feed_data",
    "uvicorn.protocols.websockets.websockets_impl": "data_received",
    "uvicorn.protocols.websockets.websockets_sansio_impl": "data_received",
    "uvicorn.protocols.websockets.wsproto_impl": "data_received",
}
SPARE = 2  # times the rates of messages: pongs, and messages in several frames
LARGEST = 2 * 1024 * 1024  # bytes at once: a message that is refused as too large arrives first
UNSENT = 2  # times the window: a client that answers has no more on its way
ABORT_AFTER = 1.0  # seconds for the goodbye of a connection that is cut off


class Wire:
    """`on_flood` and `on_stuck` are called once at most; nothing is read from then on."""

    def __init__(
        self,
        connection: Any,
        limits: Limits,
        on_flood: Callable[[], None],
        on_stuck: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._most_unsent = UNSENT * limits.window_bytes
        self._on_flood = on_flood
        self._on_stuck = on_stuck
        most = SPARE * limits.burst
        self._meter = FrameMeter(
            TokenBucket(SPARE * limits.rate, most),
            TokenBucket(SPARE * limits.bytes_rate, max(LARGEST, SPARE * limits.bytes_rate)),
            most,
        )
        self._is_cut = False

    def watch(self, input: str) -> None:
        """Pass everything that arrives through here."""
        hand_on = getattr(self._connection, input)

        def receive(data: bytes) -> None:
            if self._admits(data):
                hand_on(data)

        setattr(self._connection, input, receive)
        transport = self._connection.transport
        if getattr(transport, "get_protocol", lambda: None)() is self._connection:
            transport.set_protocol(self._connection)  # uvloop keeps the method, not its name

    def _admits(self, data: bytes) -> bool:
        if self._is_cut:
            return False
        if not self._meter.take(data, time.monotonic()):
            self._cut(self._on_flood)
        elif self.unsent() > self._most_unsent:
            self._cut(self._on_stuck)
        return not self._is_cut

    def unsent(self) -> int:
        """Bytes that the server holds because the client does not read; 0 if it does not tell."""
        transport = self._connection.transport
        if hasattr(transport, "get_write_buffer_size"):
            return int(transport.get_write_buffer_size())
        buffered = len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)
        return int(buffered + getattr(transport, "_tempDataLen", 0))  # Twisted's

    def _cut(self, end: Callable[[], None]) -> None:
        self._is_cut = True
        transport = self._connection.transport
        abort = getattr(transport, "abort", None) or transport.abortConnection
        asyncio.get_running_loop().call_later(ABORT_AFTER, abort)
        end()


def server_connection(send: Any) -> Any:
    """The server's object for the connection that this `send` belongs to, or None."""
    owner = getattr(send, "__self__", None)
    if owner is None:
        owner = next(iter(getattr(send, "args", ())), None)  # Daphne's: partial(reply, connection)
    return owner


def watch(
    connection: Any, limits: Limits, on_flood: Callable[[], None], on_stuck: Callable[[], None]
) -> bool:
    """Watch one connection of the server; False if this server's are not known."""
    modules = (one.__module__ for one in type(connection).__mro__)  # a subclass is as good
    input = next((INPUTS[module] for module in modules if module in INPUTS), None)
    if input is None or not hasattr(connection, input) or not hasattr(connection, "transport"):
        return False
    Wire(connection, limits, on_flood, on_stuck).watch(input)
    return True


def frame_writer(send: Any, connection: Any) -> WriteFrame | None:
    """How to write a finished frame; None where the server takes none (`hub.servers`).

    `connection` is the server's, as the outermost application found it behind its `send`. Where a
    middleware has put its own `send` in between, it must see every event: None as well.
    """
    owner = getattr(send, "__self__", None)
    # Of the class: an object that hands on whatever it is asked for is no server's connection.
    if owner is None or owner is not connection or not hasattr(type(owner), "write_frame"):
        return None
    write: WriteFrame = owner.write_frame
    return write
