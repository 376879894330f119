"""Bodies above the limit, at real servers."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tests.rig.stack import Stack, embedded_stack
from tests.rig.template import Template
from tests.rig.wait import PATIENCE

LARGE = 2 * 1024 * 1024  # bytes, twice the shop's limit

pytest.importorskip("uvicorn")
pytest.importorskip("gunicorn")


@pytest.fixture(scope="module", params=["daphne", "uvicorn", "gunicorn"])
def server(request: pytest.FixtureRequest, template: Template) -> Iterator[Stack]:
    # At its end gunicorn may wait for the rest of a body that it has not read.
    options = ["--graceful-timeout", "3"] if request.param == "gunicorn" else []
    with embedded_stack(template, software=request.param, options=options) as stack:
        yield stack


def status(stack: Stack, headers: str, body: bytes) -> bytes:
    """The status of a POST; a server may answer before it has read all of it."""
    request = f"POST /nowhere HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", stack.server.port), timeout=PATIENCE) as client:
        client.sendall(request)
        with contextlib.suppress(ConnectionError):  # it has closed: the answer is there
            client.sendall(body)
        return client.recv(12)[9:]


def test_a_body_that_announces_too_much_is_413(server: Stack) -> None:
    # Daphne reads it first; the others do not wait for it.
    body = b"x" * LARGE if server.server.software == "daphne" else b""
    assert status(server, f"Content-Length: {LARGE}", body) == b"413"


def test_a_chunked_body_is_413_beyond_the_limit(server: Stack) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    body = chunk * (LARGE // 0x10000)
    end = b"0\r\n\r\n" if server.server.software == "daphne" else b""
    assert status(server, "Transfer-Encoding: chunked", body + end) == b"413"
