"""The Python client against a server played by a test."""

import json
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import serve

from hub import client
from hub.client import Client


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(client, "BACKOFF_BASE", 0)


def event(position):
    return {"op": "event", "id": position, "type": "test.told", "topic": "open.1"}


def welcome(position, head):
    return {"op": "welcome", "epoch": "e1", "position": position, "head": head}


@asynccontextmanager
async def server_saying(*connections):
    """Sends each list of frames to one connection and closes it; yields a client and the hellos."""
    hellos = []

    async def speak(socket):
        frames = connections[len(hellos)]
        hellos.append(json.loads(await socket.recv()))
        for frame in frames:
            await socket.send(json.dumps(frame))

    async with serve(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Client(f"ws://127.0.0.1:{port}/", topics=["open.1"]) as events:
            yield events, hellos


async def positions(events, count):
    told = []
    async for one in events:
        told.append(one["id"])
        if len(told) == count:
            return told


async def test_the_client_resumes_at_its_position_and_yields_each_event_once():
    async with server_saying(
        [welcome(100, 100), event(101), event(103)],
        [welcome(103, 104), event(103), event(104)],
    ) as (events, hellos):
        assert await positions(events, 3) == [101, 103, 104]
    assert [hello.get("resume") for hello in hellos] == [None, {"epoch": "e1", "position": 103}]


async def test_several_events_in_one_frame_are_yielded_one_by_one():
    run = [{"id": n, "type": "test.told", "topic": "open.1"} for n in (99, 101, 102)]
    async with server_saying(
        [welcome(100, 100), {"op": "events", "events": run}],
        [welcome(102, 103), event(103)],
    ) as (events, hellos):
        told = []
        async for one in events:
            told.append(one)
            if len(told) == 3:
                break
    assert told == [event(101), event(102), event(103)]
    assert [hello["runs"] for hello in hellos] == [True, True]


async def test_the_client_requests_all_topics_in_its_hello_and_ignores_replies():
    """It never subscribes later, so no reply can duplicate what a resumed stream sends."""
    reply = {"op": "reply", "ref": "1", "ok": True, "topics": ["open.1"], "events": [event(105)]}
    async with server_saying(
        [welcome(100, 100), event(101), reply],
        [welcome(101, 105), event(105)],
    ) as (events, hellos):
        assert await positions(events, 2) == [101, 105]
    assert [(hello["op"], hello["topics"]) for hello in hellos] == [("hello", ["open.1"])] * 2
