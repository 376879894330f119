"""More requests than a server may have at once: it says so, and its health checks answer."""

import contextlib
import socket
import time

import psycopg
import pytest

from tests.end_to_end.shopper import Shopper
from tests.rig.postgres import PostgresServer
from tests.rig.redis import RedisServer
from tests.rig.stack import cluster_stack
from tests.rig.template import Template

REQUESTS = 200  # in flight at most; the limit `REQUESTS`
AT_ONCE = 1.0  # seconds

pytest.importorskip("uvicorn")
pytest.importorskip("gunicorn")


@pytest.mark.parametrize("software", ["daphne", "uvicorn", "gunicorn"])
def test_an_overloaded_server_turns_requests_away_and_answers_health_checks(
    template: Template, postgres_server: PostgresServer, redis_server: RedisServer, software: str
) -> None:
    with (
        cluster_stack(template, postgres_server, redis_server, software=software, servers=1) as one,
        psycopg.connect(one.env["DATABASE_URL"]) as holder,
        contextlib.ExitStack() as leaving,
    ):
        holder.execute("LOCK TABLE orders_product IN ACCESS EXCLUSIVE MODE")
        clients = [socket.create_connection(("127.0.0.1", one.server.port)) for _ in range(250)]
        for client in clients:
            leaving.enter_context(client)
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        visitor = Shopper(one.url)
        for path in ("/healthz", "/readyz"):
            began = time.monotonic()
            visitor.get(path)
            assert time.monotonic() - began < AT_ONCE
        began = time.monotonic()
        assert visitor.get("/").status == 503
        assert time.monotonic() - began < AT_ONCE
        holder.rollback()
        statuses = [client.recv(12)[9:] for client in clients]
        assert statuses.count(b"200") == REQUESTS
        assert statuses.count(b"503") == len(clients) - REQUESTS
