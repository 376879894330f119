"""What a server and the clients say where they cannot help."""

import asyncio
import socket as sockets
import time
from urllib.parse import urlsplit

import pytest

from hub.client import Client, Closed
from tests.end_to_end.shopper import Shopper
from tests.rig.ports import free_port
from tests.rig.server import ServerProcess
from tests.rig.stack import Stack
from tests.rig.wait import PATIENCE, wait_until

POOL = 10  # seconds that a request waits for a connection to the database


def test_an_unknown_socket_path_is_refused_without_a_traceback(shared_embedded: Stack) -> None:
    assert [_handshake(shared_embedded.server.url, path) for path in ("/ws", "/ws/x", "/no/")] == [
        403,
        403,
        403,
    ]


def _handshake(url: str, path: str) -> int:
    """The status that a request for a WebSocket is answered with."""
    where = urlsplit(url)
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n"
    )
    with sockets.create_connection((where.hostname, where.port), timeout=PATIENCE) as connection:
        connection.sendall(request.encode())
        return int(connection.recv(100).split()[1])


def test_a_server_without_its_database_is_alive_and_not_ready(tmp_path) -> None:
    nowhere = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    env = {"HUB_VAR": str(tmp_path), "DATABASE_URL": nowhere, "SECRET_KEY": "k" * 50}
    server = ServerProcess(env)
    server.start()
    try:
        visitor = Shopper(server.url)
        wait_until(lambda: _answers(visitor), 2 * PATIENCE, server.log)
        began = time.monotonic()
        assert visitor.get("/healthz").status == 200
        assert visitor.get("/readyz").status == 503
        took = time.monotonic() - began
        assert took < POOL, "a health check waited for the database"
        assert "Traceback" not in server.log()
    finally:
        server.kill()


def _answers(visitor: Shopper) -> bool:
    try:
        return visitor.get("/healthz").status == 200
    except OSError:
        return False


def test_hub_tail_ends_where_all_topics_are_refused(shared_embedded: Stack) -> None:
    url = shared_embedded.server.ws_url
    with pytest.raises(AssertionError, match=r"refused: staff \(forbidden\)"):
        shared_embedded.manage("hub_tail", "staff", "--url", url)


async def test_a_client_with_one_ticket_ends_when_it_has_expired(shared_embedded: Stack) -> None:
    code = (
        "import time\n"
        "from django.core import signing\n"
        "now = time.time()\n"
        "signing.time.time = lambda: now - 301\n"
        "from hub.testing import ticket_for\n"
        "from orders.models import User\n"
        "print(ticket_for(User.objects.get(username='ana')))"
    )
    expired = (await asyncio.to_thread(shared_embedded.python, code)).strip()
    async with asyncio.timeout(PATIENCE), Client(shared_embedded.server.ws_url, expired) as events:
        with pytest.raises(Closed, match="4401"):
            await anext(aiter(events))
