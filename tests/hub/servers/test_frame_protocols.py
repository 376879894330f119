"""The servers' protocols that take finished frames: real sockets, the servers' own code."""

import asyncio
import contextlib
from types import SimpleNamespace

import pytest
from websockets.asyncio.client import connect

from hub.broadcast.shared_event import text_frame
from hub.sockets.wire import INPUTS, frame_writer, server_connection
from tests.rig.wait import async_wait_until

pytest.importorskip("uvicorn")
pytest.importorskip("gunicorn")

LARGE = text_frame("x" * 60_000)
EVENT = {"type": "websocket.send", "text": "an event"}


class Application:
    """Accepts, and keeps the `send` of the one socket."""

    def __init__(self):
        self.send = None
        self.left = asyncio.Event()

    async def __call__(self, scope, receive, send):
        assert (await receive())["type"] == "websocket.connect"
        assert not frame_writer(send, server_connection(send))(LARGE), "before the handshake"
        await send({"type": "websocket.accept"})
        self.send = send
        while (await receive())["type"] != "websocket.disconnect":
            pass
        self.left.set()

    @property
    def connection(self):
        return server_connection(self.send)

    def write(self, frame):
        return frame_writer(self.send, self.connection)(frame)


def uvicorn_protocol(application, deflate):
    from uvicorn.config import Config
    from uvicorn.server import ServerState

    from hub.servers.uvicorn import FrameProtocol

    config = Config(application, ws_per_message_deflate=deflate, log_config=None)
    config.load()
    state = ServerState()
    return lambda: FrameProtocol(config, state, {})


def gunicorn_protocol(application, monkeypatch):
    from gunicorn.asgi import websocket
    from gunicorn.asgi.protocol import ASGIProtocol
    from gunicorn.config import Config
    from gunicorn.glogging import Logger
    from gunicorn.workers.gasgi import ASGIWorker

    from hub.servers.gunicorn import FrameWorker

    monkeypatch.setattr(ASGIWorker, "init_process", lambda self: None)
    monkeypatch.setattr(websocket, "WebSocketProtocol", websocket.WebSocketProtocol)
    config = Config()
    worker = FrameWorker(1, 1, [], SimpleNamespace(), 30, config, Logger(config))
    worker.tmp.close()
    worker.init_process()
    worker.asgi, worker.loop, worker.alive = application, asyncio.get_running_loop(), True
    return lambda: ASGIProtocol(worker)


@pytest.fixture
async def application():
    return Application()


@pytest.fixture(params=["uvicorn", "gunicorn"])
async def served(request, application, monkeypatch):
    """The address of a server of `application`."""
    if request.param == "uvicorn":
        protocol = uvicorn_protocol(application, False)
    else:
        protocol = gunicorn_protocol(application, monkeypatch)
    async with serving(protocol) as url:
        yield url


@contextlib.asynccontextmanager
async def serving(protocol):
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    yield f"ws://{host}:{port}/"
    server.close()


@contextlib.asynccontextmanager
async def client_of(url, application, **options):
    async with connect(url, max_size=None, ping_interval=None, **options) as client:
        await async_wait_until(lambda: application.send)
        yield client


async def test_frames_and_events_arrive_in_the_order_in_which_they_were_written(
    served, application
):
    async with client_of(served, application) as client:
        assert application.write(text_frame("eins"))
        await application.send({"type": "websocket.send", "text": "zwei"})
        assert application.write(text_frame("drei"))
        assert [await client.recv() for _ in range(3)] == ["eins", "zwei", "drei"]


async def test_a_client_that_does_not_read_gets_no_more_until_it_does(served, application):
    async with client_of(served, application) as client:
        client.transport.pause_reading()
        written = 0
        while application.write(LARGE):
            written += 1
            assert written < 1_000, "there is no back-pressure"
        assert application.connection.transport.get_write_buffer_size() < 3 * len(LARGE)
        waiting = asyncio.create_task(application.send(EVENT))
        await asyncio.sleep(0)
        assert not waiting.done(), "the server's own send does not wait"
        client.transport.resume_reading()
        await waiting
        assert application.write(text_frame("more"))
        for _ in range(written):
            assert len(await client.recv()) == 60_000
        assert await client.recv() == EVENT["text"]
        assert await client.recv() == "more"


async def test_nothing_is_written_behind_the_close(served, application):
    async with client_of(served, application) as client:
        closing = asyncio.create_task(application.send({"type": "websocket.close", "code": 4012}))
        await asyncio.sleep(0)
        assert not application.write(text_frame("too late"))
        await client.wait_closed()
        assert client.close_code == 4012
        await closing


async def test_nothing_is_written_to_a_client_that_has_left(served, application):
    async with client_of(served, application) as client:
        await client.close()
        await application.left.wait()
        assert not application.write(text_frame("too late"))


async def test_a_connection_that_compresses_gets_events(application):
    async with serving(uvicorn_protocol(application, True)) as url:
        async with client_of(url, application, compression="deflate") as client:
            assert not application.write(text_frame("not compressed"))
            await application.send(EVENT)
            assert await client.recv() == EVENT["text"]
        application.send = None
        async with client_of(url, application, compression=None) as client:
            assert application.write(text_frame("as it asked"))
            assert await client.recv() == "as it asked"


async def test_their_connections_are_watched_as_the_servers_own(served, application):
    async with client_of(served, application):
        modules = [one.__module__ for one in type(application.connection).__mro__]
        assert any(hasattr(application.connection, INPUTS.get(one, "")) for one in modules)
