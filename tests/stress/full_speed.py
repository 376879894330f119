"""A visitor at full speed: sends so many bytes of one kind of frame, and connects again when cut.

    python -m tests.stress.full_speed PORT KIND BYTES SECONDS

Prints, as JSON, how many bytes the servers took and over how many connections.
"""

import json
import socket
import sys
import time

UPGRADE = (
    b"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
HELLO = b'\x81\x8e\x00\x00\x00\x00{"op":"hello"}'
BEGIN = b"\x01\x81\x00\x00\x00\x00x"  # a message of which more fragments follow
KINDS = {
    "pings": b"\x89\xfd\x00\x00\x00\x00" + b"x" * 125,
    "empty pings": b"\x89\x80\x00\x00\x00\x00",
    "pongs": b"\x8a\x80\x00\x00\x00\x00",
    "fragments": BEGIN + b"\x00\x80\x00\x00\x00\x00" * 100,
    "messages": b'\x81\x8d\x00\x00\x00\x00{"op":"walk"}',
}
CHUNK = 64 * 1024  # bytes
TIMEOUT = 10.0  # seconds


def main(port: int, kind: str, size: int, seconds: float) -> None:
    chunk = KINDS[kind] * (CHUNK // len(KINDS[kind]))
    sent = connections = 0
    deadline = time.monotonic() + seconds
    while sent < size and time.monotonic() < deadline:
        connections += 1
        try:
            with socket.create_connection(("127.0.0.1", port), TIMEOUT) as wire:
                wire.sendall(UPGRADE)
                wire.recv(4096)
                wire.sendall(HELLO)
                while sent < size and time.monotonic() < deadline:
                    sent += wire.send(chunk)
        except OSError:
            continue
    print(json.dumps({"bytes": sent, "connections": connections}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
