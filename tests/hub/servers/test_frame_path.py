"""The way of finished frames: the sender, and a socket of the whole application."""

import asyncio

import pytest

from hub.broadcast.shared_event import SharedEvent
from hub.sockets import sender
from hub.sockets.close_codes import RESTART
from hub.sockets.sender import FrameSender
from hub.sockets.stepping import Stepper
from tests.hub.peer import Peer
from tests.hub.site import Site
from tests.hub.sockets.sending import Server, ignore
from tests.rig.wait import async_wait_until


class FramePeer(Peer):
    """A server's connection that takes finished frames."""

    def __init__(self, *args, **options):
        self.written = []
        super().__init__(*args, **options)

    def write_frame(self, frame):
        self.written.append(frame)
        return True


@pytest.mark.django_db(transaction=True)
async def test_a_live_event_is_written_as_a_finished_frame_and_what_is_for_one_is_sent(site: Site):
    peer = FramePeer(site, "open.1")
    await async_wait_until(lambda: peer.frames, what="a welcome")
    assert [one["op"] for one in peer.frames] == ["welcome"]
    await site.tell("open.1", "told")
    await async_wait_until(lambda: peer.written, what="a frame")
    assert b'"text":"told"' in peer.written[0]
    assert peer.texts() == [], "not sent as well"
    await peer.leave()


class Frames(Server):
    """Takes frames while `gate` is open, and turns them down otherwise."""

    def write_frame(self, frame):
        if self.gate.is_set():
            self.taken.append(frame)
        return self.gate.is_set()


def sender_of_frames(server):
    return FrameSender(server.send, Stepper(), ignore, write_frame=server.write_frame)


async def test_a_shared_event_goes_out_as_a_finished_frame_and_all_else_as_an_event():
    server = Frames()
    socket = sender_of_frames(server)
    event = SharedEvent("a")
    assert socket.push_encoded(event) and socket.push("b")
    assert server.taken == [b"\x81\x01a", {**event, "text": "b"}]
    await socket.close(RESTART)
    assert not socket.push_encoded(event)
    assert len(server.taken) == 4


async def test_a_frame_that_is_turned_down_blocks_as_an_event_does():
    server = Frames()
    socket = sender_of_frames(server)
    server.gate.clear()
    assert socket.push_encoded(SharedEvent("a"))
    assert socket.is_blocked
    server.gate.set()
    # The server takes frames again, but the first event is still on its way: no frame overtakes it.
    socket.push_encoded(SharedEvent("b"))
    await asyncio.wait_for(socket.drained(), 5)
    assert sorted(one["text"] for one in server.taken) == ["a", "b"], "both are events"


async def test_a_server_that_fails_to_write_a_frame_ends_the_socket_and_nothing_else(monkeypatch):
    monkeypatch.setattr(sender, "DISCONNECT_GRACE", 0.01)
    server, reports, error = Frames(), [], TypeError("a bug")

    def broken(frame):
        raise error

    socket = FrameSender(server.send, Stepper(), reports.append, write_frame=broken)
    assert not socket.push_encoded(SharedEvent("a"))
    assert socket.closed
    await async_wait_until(lambda: reports == [error])
