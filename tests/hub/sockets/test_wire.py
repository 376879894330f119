"""The connection below the consumer: real sockets, and a protocol as a server has it."""

import asyncio
import contextlib
import functools
from typing import Any

import pytest

from hub.limits import Limits
from hub.sockets import wire
from tests.rig.wait import async_wait_until

UNREAD = 32 * 1024 * 1024  # bytes: more than the system's buffers take
PING = b"\x89\x80\x00\x00\x00\x00"


class Server(asyncio.Protocol):
    """Keeps what arrives."""

    made: "Server | None" = None

    def connection_made(self, transport: Any) -> None:
        Server.made, self.transport, self.arrived = self, transport, b""

    def data_received(self, data: bytes) -> None:
        self.arrived += data


@pytest.fixture
async def ends(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The server's protocol, the client's stream writer, and what happened: "flood" or "stuck"."""
    monkeypatch.setitem(wire.INPUTS, __name__, "data_received")
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    await async_wait_until(lambda: Server.made)
    happened: list[str] = []
    assert Server.made is not None
    assert wire.watch(
        Server.made,
        Limits(),
        lambda: happened.append("flood"),
        lambda: happened.append("stuck"),
    )
    yield Server.made, writer, happened
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    server.close()
    Server.made = None


async def test_what_is_within_the_limits_reaches_the_server(ends: Any) -> None:
    server, writer, happened = ends
    writer.write(PING * 10)
    await async_wait_until(lambda: server.arrived == PING * 10)
    assert happened == []


async def test_a_flood_is_cut_off_and_nothing_more_reaches_the_server(ends: Any) -> None:
    server, writer, happened = ends
    writer.write(PING * 1_000)
    await async_wait_until(lambda: happened == ["flood"])
    await async_wait_until(server.transport.is_closing)
    assert len(server.arrived) <= len(PING) * 2 * Limits().burst


async def test_a_client_that_talks_and_never_reads_is_cut_off(ends: Any) -> None:
    server, writer, happened = ends
    server.transport.write(bytes(UNREAD))
    writer.transport.pause_reading()
    writer.write(PING)
    await async_wait_until(lambda: happened == ["stuck"])
    await async_wait_until(server.transport.is_closing)


def test_a_server_that_is_not_known_is_not_watched() -> None:
    assert not wire.watch(object(), Limits(), lambda: None, lambda: None)
    assert not wire.watch(None, Limits(), lambda: None, lambda: None)


# Finished frames


class Connection:
    def write_frame(self, frame: bytes) -> bool:
        return True

    async def send(self, event: Any) -> None: ...


def test_the_servers_own_send_leads_to_its_frames() -> None:
    connection = Connection()
    assert wire.frame_writer(connection.send, connection) == connection.write_frame


def test_a_middleware_in_between_sees_every_event() -> None:
    connection = Connection()

    class Middleware:
        send = connection.send

        def __getattr__(self, name: str) -> Any:
            return getattr(connection, name)

        async def watched(self, event: Any) -> None:
            await self.send(event)

    async def send(event: Any) -> None:
        await connection.send(event)

    middleware = Middleware()
    for wrapped in (send, functools.partial(connection.send), middleware.watched):
        assert wire.frame_writer(wrapped, connection) is None
    assert wire.frame_writer(middleware.watched, middleware) is None


def test_a_server_without_finished_frames_gets_events() -> None:
    class Plain:
        async def send(self, event: Any) -> None: ...

    plain = Plain()
    assert wire.frame_writer(plain.send, plain) is None
    assert wire.frame_writer(plain.send, None) is None
