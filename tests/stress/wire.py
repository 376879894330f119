"""A lean WebSocket client: a thousand of them fit into one process beside the servers.

Enough of RFC 6455 for one JSON text frame per message; its reading can be stopped, its TCP
connection cut, and what it sends can be wrong on purpose.
"""

import asyncio
import base64
import os
import struct
from collections.abc import Callable
from urllib.parse import urlsplit

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
GONE = 1006  # the connection ended without a close frame
_MASK = b"\x00\x00\x00\x00"  # a mask that changes nothing: the payload goes out as it is


class Wire(asyncio.Protocol):
    """`on_text(bytes)` gets each text frame; `on_close(code)` is called once."""

    def __init__(
        self, on_text: Callable[[bytes], None], on_close: Callable[[int], None] = lambda code: None
    ) -> None:
        self._on_text = on_text
        self._on_close = on_close
        self._buffer = bytearray()
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._closing = GONE
        self.code: int | None = None
        self.closed = asyncio.Event()

    @classmethod
    async def connect(
        cls,
        url: str,
        on_text: Callable[[bytes], None],
        on_close: Callable[[int], None] = lambda code: None,
        *,
        cookie: str = "",
        origin: str = "",
        timeout: float = 20.0,
    ) -> "Wire":
        """Open a socket; OSError (TimeoutError is one) where that does not succeed."""
        parts = urlsplit(url)
        loop = asyncio.get_running_loop()
        wire = cls(on_text, on_close)
        async with asyncio.timeout(timeout):
            transport, _ = await loop.create_connection(lambda: wire, parts.hostname, parts.port)
            try:
                key = base64.b64encode(os.urandom(16)).decode()
                lines = [
                    f"GET {parts.path} HTTP/1.1",
                    f"Host: {parts.netloc}",
                    "Connection: Upgrade",
                    "Upgrade: websocket",
                    "Sec-WebSocket-Version: 13",
                    f"Sec-WebSocket-Key: {key}",
                    *([f"Cookie: {cookie}"] if cookie else []),
                    *([f"Origin: {origin}"] if origin else []),
                ]
                transport.write("\r\n".join([*lines, "", ""]).encode())
                await wire._opened
            except BaseException:
                transport.abort()
                raise
        return wire

    # What the test does

    def send(self, text: str | bytes, opcode: int = TEXT) -> None:
        self.write(frame_of(text, opcode))

    def write(self, raw: bytes) -> None:
        """Bytes as they are."""
        if not self._transport.is_closing():
            self._transport.write(raw)

    def close(self) -> None:
        """Say goodbye as a browser does that leaves the page."""
        self.send(struct.pack("!H", 1000), CLOSE)
        self._closing = 1000
        self._transport.close()

    def abort(self) -> None:
        """Cut the connection (RST)."""
        self._transport.abort()

    def stop_reading(self) -> None:
        self._transport.pause_reading()

    def read_on(self) -> None:
        self._transport.resume_reading()

    # What the network does

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._opened.done() and not self._shake_hands():
            return
        self._take_frames()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._opened.done():
            self._opened.set_exception(ConnectionError("cut during the handshake"))
            return
        self.code = self._closing
        self.closed.set()
        self._on_close(self._closing)

    def _shake_hands(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        status = bytes(self._buffer[:end]).split(b"\r\n")[0]
        del self._buffer[: end + 4]
        if b" 101 " not in status + b" ":
            self._opened.set_exception(ConnectionError(f"refused: {status!r}"))
            self._transport.abort()
            return False
        self._opened.set_result(None)
        return True

    def _take_frames(self) -> None:
        buffer, at, have = self._buffer, 0, len(self._buffer)
        while have - at >= 2:
            size, begin = buffer[at + 1] & 0x7F, at + 2
            if size == 126:
                begin += 2
                if have < begin:
                    break
                (size,) = struct.unpack_from("!H", buffer, at + 2)
            elif size == 127:
                begin += 8
                if have < begin:
                    break
                (size,) = struct.unpack_from("!Q", buffer, at + 2)
            if have < begin + size:
                break
            self._take(buffer[at] & 0x0F, bytes(buffer[begin : begin + size]))
            at = begin + size
        del buffer[:at]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            self._on_text(payload)
        elif opcode == PING:
            self.send(payload, PONG)
        elif opcode == CLOSE:
            self._closing = struct.unpack("!H", payload[:2])[0] if payload else 1005
            self.send(payload[:2], CLOSE)
            self._transport.close()


def frame_of(text: str | bytes, opcode: int = TEXT) -> bytes:
    """The bytes of one frame from a client."""
    payload = text.encode() if isinstance(text, str) else text
    return _head(len(payload), opcode) + payload


def _head(size: int, opcode: int) -> bytes:
    if size < 126:
        return bytes([0x80 | opcode, 0x80 | size]) + _MASK
    if size < 65536:
        return bytes([0x80 | opcode, 0x80 | 126]) + struct.pack("!H", size) + _MASK
    return bytes([0x80 | opcode, 0x80 | 127]) + struct.pack("!Q", size) + _MASK
