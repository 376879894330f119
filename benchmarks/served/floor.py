"""The floor for Python: asyncio's `transport.write` of finished frames, and nothing else.

    python -m served.floor PORT TOGETHER

TOGETHER: how many events one write carries.
"""

import asyncio
import base64
import hashlib
import json
import sys

from served.payload import event

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BACKLOG = 4096
sockets: set[asyncio.Transport] = set()


def frame(text: str) -> bytes:
    payload = text.encode()
    return b"\x81\x7e" + len(payload).to_bytes(2, "big") + payload


def publish(first: int, count: int, together: int) -> None:
    for start in range(first, first + count, together):
        end = min(first + count, start + together)
        data = b"".join(frame(event(n)) for n in range(start, end))
        for one in sockets:
            one.write(data)


class Wire(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, together: int) -> None:
        self.together = together
        self.data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        sockets.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        head, end, body = (self.data + data).partition(b"\r\n\r\n")
        if not end:
            self.data = head
        elif head.startswith(b"GET"):
            self.data = b""
            fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
            digest = hashlib.sha1(fields[b"Sec-WebSocket-Key"] + GUID).digest()
            self.transport.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Accept: "
                + base64.b64encode(digest)
                + b"\r\n\r\n"
            )
            sockets.add(self.transport)
        else:
            self.data = b""
            publish(**json.loads(body), together=self.together)
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


async def main(port: int, together: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Wire(together), "127.0.0.1", port, backlog=BACKLOG)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
