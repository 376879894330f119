"""Pushing to a server that takes at once, blocks, or is gone."""

import asyncio

import pytest

from hub.sockets import sender as socket_module
from hub.sockets.close_codes import RESTART, SLOW
from hub.sockets.sender import FrameSender
from tests.rig.wait import async_wait_until


class Server:
    """The server's `send`: takes what comes while `gate` is open."""

    def __init__(self, error=None):
        self.gate = asyncio.Event()
        self.gate.set()
        self.error = error
        self.taken = []

    async def send(self, event):
        await asyncio.sleep(0) if event.get("slow") else None
        while not self.gate.is_set():
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.taken.append(event)


def ignore(error):
    """What is sent in these tests fails because the peer left."""


async def test_a_push_to_a_server_that_takes_is_done_at_once():
    server = Server()
    socket = FrameSender(server.send, ignore)
    assert socket.push("a")
    assert server.taken == [{"type": "websocket.send", "text": "a"}]
    assert not socket.is_blocked


async def test_a_push_to_a_server_that_blocks_returns_at_once_and_is_finished_later():
    server = Server()
    server.gate.clear()
    socket = FrameSender(server.send, ignore)
    assert socket.push("a") and socket.push("b")
    assert socket.is_blocked
    assert server.taken == []
    server.gate.set()
    await asyncio.wait_for(socket.drained(), 5)
    assert not socket.is_blocked
    assert [one["text"] for one in server.taken] == ["a", "b"]


async def test_a_server_that_gives_way_to_other_tasks_is_no_different():
    server = Server()
    socket = FrameSender(server.send, ignore)
    assert socket.push_encoded({"slow": True})
    assert socket.is_blocked
    await asyncio.wait_for(socket.drained(), 5)
    assert server.taken == [{"slow": True}]


async def test_a_server_that_says_the_peer_left_ends_the_socket_and_nothing_else():
    socket = FrameSender(Server(ConnectionResetError("gone")).send, ignore)
    assert not socket.push("a")
    assert socket.closed
    assert not socket.push("b")
    await socket.close(SLOW)


async def test_a_peer_that_leaves_while_the_server_blocks_ends_the_socket():
    server = Server(ConnectionResetError("gone"))
    server.gate.clear()
    socket = FrameSender(server.send, ignore)
    assert socket.push("a")
    server.gate.set()
    await asyncio.wait_for(socket.drained(), 5)
    assert socket.closed


async def test_closing_says_goodbye_first_and_happens_once():
    server = Server()
    socket = FrameSender(server.send, ignore)
    await asyncio.gather(socket.close(RESTART), socket.close(SLOW))
    goodbye, close = server.taken
    assert '"op":"goodbye"' in goodbye["text"] and '"code":4012' in goodbye["text"]
    assert close == {"type": "websocket.close", "code": 4012, "reason": "restart"}
    assert not socket.push("too late")


async def test_closing_a_peer_that_does_not_read_ends_after_a_while(monkeypatch):
    monkeypatch.setattr(socket_module, "CLOSE_TIMEOUT", 0.05)
    server = Server()
    server.gate.clear()
    socket = FrameSender(server.send, ignore)
    await asyncio.wait_for(socket.close(SLOW), 5)
    assert socket.closed
    server.gate.set()
    await asyncio.wait_for(socket.drained(), 5)


@pytest.mark.parametrize("count", [1, 50])
async def test_waiting_for_a_drained_socket_that_is_not_blocked_takes_no_time(count):
    socket = FrameSender(Server().send, ignore)
    for _ in range(count):
        socket.push("a")
    await asyncio.wait_for(socket.drained(), 5)


# Who is told what


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(socket_module, "DISCONNECT_GRACE", 0.01)


async def fail(server, reports):
    """Two sockets that failed to send: at once, and after the server had blocked."""
    at_once, later = (FrameSender(server.send, reports.append) for _ in range(2))
    at_once.push("a")
    server.gate.clear()
    later.push("a")
    server.gate.set()
    await asyncio.wait_for(later.drained(), 5)
    return at_once, later


async def test_what_a_broken_server_raises_is_reported(soon):
    reports, error = [], TypeError("a bug")
    await fail(Server(error), reports)
    await async_wait_until(lambda: reports == [error] * 2)


async def test_a_close_that_fails_behind_a_goodbye_that_went_is_reported(soon):
    reports, error = [], TypeError("a bug")

    async def send(event):
        if event["type"] == "websocket.close":
            raise error

    await FrameSender(send, reports.append).close(SLOW)
    await async_wait_until(lambda: reports == [error])


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), RuntimeError("after the close")])
async def test_a_peer_that_simply_left_is_not_reported(monkeypatch, error):
    """Uvicorn raises an OSError, and a RuntimeError just before its disconnect event."""
    monkeypatch.setattr(socket_module, "DISCONNECT_GRACE", 1.0)  # time enough for them to leave
    reports = []
    for socket in await fail(Server(error), reports):
        socket.leave()
    broken = FrameSender(Server(TypeError("a bug")).send, reports.append)
    broken.push("a")
    await async_wait_until(lambda: reports)
    assert [type(one) for one in reports] == [TypeError]
