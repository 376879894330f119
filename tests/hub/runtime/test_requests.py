"""HTTP requests run to their end, whatever the server cancels."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from hub.limits import Limits
from hub.models import Log
from hub.runtime.posts import Posts
from hub.runtime.requests import ClientLeft, Requests
from hub.runtime.shutdown import Shutdown
from hub.runtime.statements import Statements
from hub.sockets.registry import ConnectionRegistry
from tests.rig.wait import PATIENCE, async_wait_until


@pytest.fixture
def requests():
    return Requests(
        2, Shutdown(ConnectionRegistry(Limits())), Statements(30), Posts(lambda _: None)
    )


async def no_message(message=None):
    return {"type": "http.disconnect"}


def serve(requests, application):
    work = requests.serve(application, {"type": "http"}, no_message, no_message)
    return asyncio.create_task(work)


class Application:
    """Sends an answer in two parts, and goes on in between when it is released."""

    def __init__(self, error=None):
        self.begun, self.release, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.raised = None
        self._error = error

    async def __call__(self, scope, receive, send):
        await send({"type": "http.response.start"})
        self.begun.set()
        await self.release.wait()
        if self._error is not None:
            raise self._error
        self.ended.set()
        try:
            await send({"type": "http.response.body"})
        except OSError as error:
            self.raised = error
            raise


async def give_up(requests, application):
    """What a server does whose client has left."""
    server = serve(requests, application)
    await asyncio.wait_for(application.begun.wait(), PATIENCE)
    server.cancel()
    with pytest.raises(asyncio.CancelledError):
        await server


async def test_a_request_that_its_server_cancels_runs_to_its_end(requests):
    application = Application()
    await give_up(requests, application)
    application.release.set()
    await asyncio.wait_for(application.ended.wait(), PATIENCE)


async def test_sending_raises_once_the_server_has_cancelled_the_request(requests, caplog):
    application = Application()
    await give_up(requests, application)
    application.release.set()
    await async_wait_until(lambda: application.raised is not None)
    assert isinstance(application.raised, ClientLeft)
    assert not caplog.records


async def test_an_error_after_the_server_has_cancelled_the_request_is_logged(requests, caplog):
    application = Application(LookupError("nobody awaits this"))
    await give_up(requests, application)
    application.release.set()
    await async_wait_until(lambda: "nobody awaits this" in caplog.text)


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("raises", [False, True])
async def test_a_request_closes_its_database_connection(requests, raises):
    used = []

    def view():
        Log.objects.count()
        used.append(connections["default"])

    async def application(scope, receive, send):
        await sync_to_async(view)()
        if raises:
            raise LookupError("a stream that breaks, which Django announces to nobody")

    task = serve(requests, application)
    await asyncio.wait([task])
    assert isinstance(task.exception(), LookupError) is raises
    assert used[0].connection is None
