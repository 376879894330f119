"""A server that is told to end: nobody is left in the dark, and it ends as it should."""

import asyncio
import contextlib
import http.client
import threading
from collections.abc import Iterator

import pytest

from tests.end_to_end.listener import Listener
from tests.end_to_end.shopper import Shopper
from tests.rig.server import FRAMES
from tests.rig.stack import Stack, embedded_stack
from tests.rig.template import Template
from tests.rig.wait import async_wait_until

ENDED = (0, -15)  # exit codes: Daphne and gunicorn return, Uvicorn raises the signal again


@pytest.fixture(params=["daphne", "uvicorn", "gunicorn", *(f"{one} frames" for one in FRAMES)])
def stack(request: pytest.FixtureRequest, template: Template) -> Iterator[Stack]:
    software, _, frames = request.param.partition(" ")
    pytest.importorskip(software)  # two of them are absent from requirements.txt
    options = FRAMES[software] if frames else []
    with embedded_stack(template, software=software, options=options) as made:
        yield made


async def test_pages_and_events_are_served_until_the_goodbye(stack: Stack) -> None:
    ana = Shopper(stack.url, "ana")
    async with Listener(stack.server.ws_url, cookie=ana.cookie) as listener:
        page = await asyncio.to_thread(ana.get, "/products/mug/")
        assert page.status == 200 and "Coffee mug" in page.text
        placed = await asyncio.to_thread(ana.order, "mug")
        await listener.expect("order.received", number=placed.location.split("/")[2])
        ending = asyncio.create_task(asyncio.to_thread(stack.server.terminate))
        goodbye = await listener.hear("goodbye")
        assert (goodbye["code"], goodbye["reason"]) == (4012, "restart")
        assert await listener.closed() == 4012
        assert await ending in ENDED


async def test_a_client_that_has_not_said_hello_gets_the_goodbye_too(stack: Stack) -> None:
    async with Listener(stack.server.ws_url, greets=False) as silent:
        ending = asyncio.create_task(asyncio.to_thread(stack.server.terminate))
        goodbye = await silent.hear("goodbye")
        assert (goodbye["code"], goodbye["reason"]) == (4012, "restart")
        assert await silent.closed() == 4012
        assert await ending in ENDED


async def test_a_client_that_does_not_go_does_not_spoil_the_end(stack: Stack) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.server.port)
    writer.write(
        b"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Version: 13\r\n\r\n"
    )
    assert b" 101 " in await reader.readline()
    # It reads nothing more, and does not answer the close.
    assert await asyncio.to_thread(stack.server.terminate) in ENDED
    writer.close()
    with contextlib.suppress(ConnectionError):  # a reset, where the server had more to say
        await writer.wait_closed()


async def test_requests_on_their_way_do_not_spoil_the_end(stack: Stack) -> None:
    ended = threading.Event()
    answers: list[int] = []

    def ask() -> None:
        visitor = Shopper(stack.url)
        while not ended.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException):
                answers.append(visitor.get("/readyz").status)

    asking = [asyncio.create_task(asyncio.to_thread(ask)) for _ in range(4)]
    try:
        await async_wait_until(lambda: len(answers) > 20)
        assert await asyncio.to_thread(stack.server.terminate) in ENDED
    finally:
        ended.set()
        await asyncio.gather(*asking)
