"""One client that sends as fast as it can, in kinds of frames that no message shows."""

import os
import socket
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.rig.server import FRAMES
from tests.rig.stack import Stack, embedded_stack
from tests.rig.template import Template
from tests.rig.wait import PATIENCE, async_wait_until

MIB = 1024 * 1024
UPGRADE = (
    b"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
HELLO = b'\x81\x8e\x00\x00\x00\x00{"op":"hello"}'
FLOODS = {
    "ping": b"\x89\xfd\x00\x00\x00\x00" + b"x" * 125,
    "pong": b"\x8a\x80\x00\x00\x00\x00",
    "fragment": b"\x00\x80\x00\x00\x00\x00",
}
BEGIN = b"\x01\x81\x00\x00\x00\x00x"  # a message of which more fragments follow


@pytest.fixture(
    scope="module",
    params=["daphne", "uvicorn", "gunicorn", *(f"{one} frames" for one in FRAMES)],
)
def stack(request: pytest.FixtureRequest, template: Template) -> Iterator[Stack]:
    software, _, frames = request.param.partition(" ")
    pytest.importorskip(software)  # two of them are absent from requirements.txt
    options = FRAMES[software] if frames else []
    with embedded_stack(template, software=software, options=options) as made:
        yield made


def send_at_full_speed(port: int, kind: str, seconds: float) -> int:
    """Connect and send, until the server ends it; the bytes that it took."""
    chunk, sent = FLOODS[kind] * 1_000, 0
    deadline = time.monotonic() + seconds
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as wire:
        wire.sendall(UPGRADE)
        assert b" 101 " in wire.recv(4096)
        wire.sendall(HELLO + (BEGIN if kind == "fragment" else b""))
        try:
            while time.monotonic() < deadline:
                sent += wire.send(chunk)
        except OSError:
            return sent
    raise AssertionError(f"{sent} bytes were taken, and the client was not stopped")


@pytest.mark.parametrize("kind", FLOODS)
async def test_who_floods_below_the_messages_is_stopped(stack: Stack, kind: str) -> None:
    process = psutil.Process(stack.server.serving_pid)
    ana = Shopper(stack.url, "ana")
    async with Listener(stack.server.ws_url, cookie=ana.cookie) as neighbour:
        ana.order("mug")  # a server's first order is not what is measured
        await neighbour.expect("order.received")
        before = process.memory_info().rss
        pid = os.fork()
        if pid == 0:
            try:
                send_at_full_speed(stack.server.port, kind, PATIENCE)
            except BaseException:
                os._exit(1)
            os._exit(0)

        ended: list[int] = []

        def is_over() -> bool:
            done, status = os.waitpid(pid, os.WNOHANG)
            ended.extend([status] if done else [])
            return bool(ended)

        await async_wait_until(is_over, PATIENCE, "the flood is stopped")
        assert ended == [0]
        ana.order("mug")
        await neighbour.expect("order.received")
        assert process.memory_info().rss - before < 16 * MIB
