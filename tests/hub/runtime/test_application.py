"""The outermost application: health checks, and the limit of requests in flight."""

import asyncio
import gc
import weakref

import pytest

from hub.runtime import HubApplication
from tests.hub.site import Site, SitePolicy
from tests.rig.wait import PATIENCE, async_wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Stalled:
    """An application whose requests wait until they are released."""

    def __init__(self):
        self.release = asyncio.Event()
        self.running = 0

    async def __call__(self, scope, receive, send):
        self.running += 1
        await self.release.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"served"})


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, dict(headers), body


async def get(application, path, *, host="localhost", root_path=""):
    sent = []

    async def receive():
        return {"type": "http.request"}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "root_path": root_path,
        "headers": [(b"host", host.encode())],
        "query_string": b"",
    }
    await application(scope, receive, send)
    start, body = sent
    return Response(start["status"], start["headers"], body["body"])


@pytest.fixture
async def stalled():
    return Stalled()


@pytest.fixture
async def application(settings, stalled):
    settings.HUB = {"REQUESTS": 2}
    made = HubApplication(stalled, policy=SitePolicy())
    yield made
    await made.stop()


async def fill(application, stalled):
    """As many requests as the process may have, all of them waiting."""
    running = [asyncio.create_task(get(application, "/page")) for _ in range(2)]
    await async_wait_until(lambda: stalled.running == 2)
    return running


async def test_a_request_beyond_the_limit_gets_503_at_once(application, stalled):
    running = await fill(application, stalled)
    response = await asyncio.wait_for(get(application, "/page"), PATIENCE)
    assert response.status == 503
    assert int(response.headers[b"retry-after"]) > 0
    stalled.release.set()
    assert [one.body for one in await asyncio.gather(*running)] == [b"served"] * 2
    assert (await get(application, "/page")).status == 200


async def test_a_request_beyond_the_limit_is_measured(application, stalled):
    await fill(application, stalled)
    await get(application, "/page")
    assert application._meter.take().statuses == {"5xx": 1}
    stalled.release.set()


async def test_a_full_process_answers_health_checks(application, stalled):
    await fill(application, stalled)
    await application.runtime().follower.ready.wait()
    assert (await get(application, "/healthz")).status == 200
    assert (await get(application, "/readyz")).body == b"ready\n"
    stalled.release.set()


async def test_health_checks_are_answered_whatever_the_host(site: Site):
    await site.runtime.follower.ready.wait()
    for host in ("10.0.12.7:8000", "evil.example", ""):
        for path in ("/healthz", "/readyz"):
            assert (await get(site.application, path, host=host)).status == 200


async def test_health_checks_are_answered_below_a_prefix(site: Site):
    response = await get(site.application, "/shop/healthz", root_path="/shop")
    assert response.body == b"ok\n"


async def test_a_process_that_ends_is_alive_and_not_ready(site: Site):
    await site.runtime.follower.ready.wait()
    site.runtime.shutdown.begun = True
    assert (await get(site.application, "/healthz")).status == 200
    response = await get(site.application, "/readyz")
    assert (response.status, response.body) == (503, b"ending\n")


def test_the_runtime_of_a_closed_loop_is_freed():
    application = HubApplication(Stalled(), policy=SitePolicy())

    async def begin():
        runtime = application.runtime()
        await runtime.stop()  # as a server does that ends its tasks, and tells nobody
        return weakref.ref(runtime)

    async def begin_again():
        application.runtime()
        await application.stop()

    first = asyncio.run(begin())
    asyncio.run(begin_again())
    gc.collect()
    assert first() is None
