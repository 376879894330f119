"""Pushing to a server that takes at once, blocks, or is gone."""

import asyncio
import contextvars

import pytest

from hub.sockets import sender as socket_module
from hub.sockets.close_codes import RESTART, SLOW
from hub.sockets.sender import FrameSender
from hub.sockets.stepping import Stepper
from tests.hub.sockets.sending import Server, ignore
from tests.rig.wait import async_wait_until


async def test_a_push_to_a_server_that_takes_is_done_at_once():
    server = Server()
    socket = FrameSender(server.send, Stepper(), ignore)
    assert socket.push("a")
    assert server.taken == [{"type": "websocket.send", "text": "a"}]
    assert not socket.is_blocked


async def test_a_push_to_a_server_that_blocks_returns_at_once_and_is_finished_later():
    server = Server()
    server.gate.clear()
    socket = FrameSender(server.send, Stepper(), ignore)
    assert socket.push("a") and socket.push("b")
    assert socket.is_blocked
    assert server.taken == []
    server.gate.set()
    await asyncio.wait_for(socket.drained(), 5)
    assert not socket.is_blocked
    assert [one["text"] for one in server.taken] == ["a", "b"]


async def test_a_server_that_gives_way_to_other_tasks_is_no_different():
    server = Server()
    socket = FrameSender(server.send, Stepper(), ignore)
    assert socket.push_encoded({"slow": True})
    assert socket.is_blocked
    await asyncio.wait_for(socket.drained(), 5)
    assert server.taken == [{"slow": True}]


async def test_a_server_that_says_the_peer_left_ends_the_socket_and_nothing_else():
    socket = FrameSender(Server(ConnectionResetError("gone")).send, Stepper(), ignore)
    assert not socket.push("a")
    assert socket.closed
    assert not socket.push("b")
    await socket.close(SLOW)


async def test_a_peer_that_leaves_while_the_server_blocks_ends_the_socket():
    server = Server(ConnectionResetError("gone"))
    server.gate.clear()
    socket = FrameSender(server.send, Stepper(), ignore)
    assert socket.push("a")
    server.gate.set()
    await asyncio.wait_for(socket.drained(), 5)
    assert socket.closed


async def test_closing_says_goodbye_first_and_happens_once():
    server = Server()
    socket = FrameSender(server.send, Stepper(), ignore)
    await asyncio.gather(socket.close(RESTART), socket.close(SLOW))
    goodbye, close = server.taken
    assert '"op":"goodbye"' in goodbye["text"] and '"code":4012' in goodbye["text"]
    assert close == {"type": "websocket.close", "code": 4012, "reason": "restart"}
    assert not socket.push("too late")


async def test_closing_a_peer_that_does_not_read_ends_after_a_while(monkeypatch):
    monkeypatch.setattr(socket_module, "CLOSE_TIMEOUT", 0.05)
    server = Server()
    server.gate.clear()
    socket = FrameSender(server.send, Stepper(), ignore)
    await asyncio.wait_for(socket.close(SLOW), 5)
    assert socket.closed
    server.gate.set()
    await asyncio.wait_for(socket.drained(), 5)


@pytest.mark.parametrize("count", [1, 50])
async def test_waiting_for_a_drained_socket_that_is_not_blocked_takes_no_time(count):
    socket = FrameSender(Server().send, Stepper(), ignore)
    for _ in range(count):
        socket.push("a")
    await asyncio.wait_for(socket.drained(), 5)


# Who is told what


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(socket_module, "DISCONNECT_GRACE", 0.01)


async def fail(server, reports):
    """Two sockets that failed to send: at once, and after the server had blocked."""
    at_once, later = (FrameSender(server.send, Stepper(), reports.append) for _ in range(2))
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

    await FrameSender(send, Stepper(), reports.append).close(SLOW)
    await async_wait_until(lambda: reports == [error])


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), RuntimeError("after the close")])
async def test_a_peer_that_simply_left_is_not_reported(monkeypatch, error):
    """Uvicorn raises an OSError, and a RuntimeError just before its disconnect event."""
    monkeypatch.setattr(socket_module, "DISCONNECT_GRACE", 1.0)  # time enough for them to leave
    reports = []
    for socket in await fail(Server(error), reports):
        socket.leave()
    broken = FrameSender(Server(TypeError("a bug")).send, Stepper(), reports.append)
    broken.push("a")
    await async_wait_until(lambda: reports)
    assert [type(one) for one in reports] == [TypeError]


# Middleware around the server's send


async def test_a_timeout_around_send_ends_that_send_and_nobody_else():
    server, reports = Server(), []
    server.gate.clear()

    async def send(event):
        async with asyncio.timeout(0.01):
            await server.send(event)

    socket = FrameSender(send, Stepper(), reports.append)
    assert socket.push("a")
    await asyncio.wait_for(socket.drained(), 5)
    assert socket.closed
    assert asyncio.current_task().cancelling() == 0
    await asyncio.sleep(0.02)


async def test_a_timeout_that_has_no_time_at_all_ends_the_send():
    server, stepper, ends = Server(), Stepper(), []

    async def send(event):
        try:
            async with asyncio.timeout(0):
                await server.send(event)
        finally:
            ends.append(event)

    FrameSender(server.send, stepper, ignore).push("before")
    await asyncio.sleep(0)  # so the stepper's spare task waits already
    server.gate.clear()
    socket = FrameSender(send, stepper, ignore)
    assert socket.push("a")
    await asyncio.wait_for(socket.drained(), 5)
    assert socket.closed
    assert len(ends) == 1


async def test_a_send_that_pushes_to_another_socket_loses_neither():
    server, stepper = Server(), Stepper()
    server.gate.clear()
    other = FrameSender(server.send, stepper, ignore)

    async def send(event):
        other.push("inner")
        await server.send(event)

    socket = FrameSender(send, stepper, ignore)
    assert socket.push("outer")
    server.gate.set()
    for one in (socket, other):
        await asyncio.wait_for(one.drained(), 5)
    assert {one["text"] for one in server.taken} == {"inner", "outer"}


@pytest.mark.parametrize("blocks", [False, True])
async def test_a_send_runs_in_a_context_and_a_task_of_its_own(blocks):
    marks, server, tasks = contextvars.ContextVar("mark", default=None), Server(), []
    marks.set("the connection's")

    async def send(event):
        task = asyncio.current_task()
        tasks.append(task)
        assert marks.get() == "the connection's"
        token = marks.set("the send's")
        await server.send(event)
        assert asyncio.current_task() is task
        marks.reset(token)  # raises in another context

    socket = FrameSender(send, Stepper(), ignore)
    marks.set("the caller's")
    if blocks:
        server.gate.clear()
    assert socket.push("a") and socket.push("b")
    assert marks.get() == "the caller's"
    server.gate.set()
    await asyncio.wait_for(socket.drained(), 5)
    assert [one["text"] for one in server.taken] == ["a", "b"]
    assert not socket.closed
    assert asyncio.current_task() not in tasks


async def test_a_send_that_cancels_its_own_task_spoils_no_other():
    server, cancels = Server(), [True, False]
    server.gate.clear()

    async def send(event):
        if cancels.pop(0):
            asyncio.current_task().cancel()
            return
        await server.send(event)

    stepper = Stepper()
    for text in ("cancels", "taken"):
        FrameSender(send, stepper, ignore).push(text)
    server.gate.set()
    await async_wait_until(lambda: server.taken)
    assert [one["text"] for one in server.taken] == ["taken"]


async def test_a_send_that_raises_cancelled_ends_the_socket_and_not_the_caller():
    socket = FrameSender(Server(asyncio.CancelledError()).send, Stepper(), ignore)
    assert not socket.push("a")
    assert socket.closed


async def test_a_send_that_returns_no_coroutine_works():
    """As Granian's, which returns a future."""
    server = Server()

    def send(event):
        return asyncio.ensure_future(server.send(event))

    socket = FrameSender(send, Stepper(), ignore)
    assert socket.push("a")
    await asyncio.wait_for(socket.drained(), 5)
    assert [one["text"] for one in server.taken] == ["a"]
    assert await socket.close(RESTART)
    assert server.taken[-1]["type"] == "websocket.close"
