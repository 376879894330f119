"""The Python client, against a real server."""

import asyncio
import os
import socket
import subprocess
import sys

import pytest

from hub.client import Client

PATIENCE = 60  # seconds for a server on a busy machine


@pytest.fixture
def server(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "DESK_DATABASE": str(tmp_path / "served.sqlite3")}

    def manage(*arguments):
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    manage("migrate", "--run-syncdb", "--verbosity=0")
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen([*command, "config.asgi:application"], env=environment)
    yield f"ws://127.0.0.1:{port}/ws/", manage
    process.terminate()
    assert process.wait(PATIENCE) in (0, -15)


ANA = "User.objects.create_user('ana', 'ana@example.com', 'demo')"
ANSWER = "Answer.objects.create(ticket=Ticket.objects.create(asker=User.objects.get()))"
MODELS = "from django.contrib.auth.models import User; from desk.models import Answer, Ticket"


async def test_the_client_receives_an_event_of_another_process(server):
    url, manage = server
    await asyncio.to_thread(manage, "shell", "-c", f"{MODELS}; {ANA}")
    ticket = await asyncio.to_thread(manage, "hub_ticket", "ana", "--quiet")
    welcomed = asyncio.Event()
    client = Client(url, ticket, on_welcome=lambda welcome: welcomed.set())
    async with asyncio.timeout(PATIENCE), client as events:
        received = asyncio.ensure_future(anext(aiter(events)))
        await welcomed.wait()
        await asyncio.to_thread(manage, "shell", "-c", f"{MODELS}; {ANSWER}")
        event = await received
    assert event["type"] == "ticket.answered"
    assert event["title"] == "Ticket 1 was answered"
