"""Requests through Django's real ASGI handler, and what the meter counted of them."""

import asyncio
import logging

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from hub.metrics import receivers
from hub.metrics.log_filter import RequestId
from hub.metrics.meter import Meter
from hub.metrics.wrapper import MetricsApplication
from tests.hub.metrics.tallies import routes_of
from tests.rig.wait import PATIENCE

entered = asyncio.Event()  # replaced by each test that waits for its view


def sync_view(request, word):
    return HttpResponse(word)


async def async_view(request):
    return HttpResponse("async")


async def patient_view(request):
    entered.set()
    await asyncio.Event().wait()


def broken_view(request):
    raise LookupError("a view that raises")


def stream_view(request):
    async def lines():
        yield b"one"
        yield b"two"

    return StreamingHttpResponse(lines())


def broken_stream_view(request):
    async def lines():
        yield b"one"
        raise LookupError("a stream that raises")

    return StreamingHttpResponse(lines())


urlpatterns = [
    path("sync/<str:word>/", sync_view),
    path("async/", async_view),
    path("patient/", patient_view),
    path("broken/", broken_view),
    path("stream/", stream_view),
    path("broken-stream/", broken_stream_view),
    path("", async_view),
]


@pytest.fixture(autouse=True)
def urls_of_this_module():
    with override_settings(
        ROOT_URLCONF=__name__,
        MIDDLEWARE=["hub.metrics.middleware.RouteMiddleware"],
        ALLOWED_HOSTS=["*"],
        DEBUG_PROPAGATE_EXCEPTIONS=False,
    ):
        yield


class Visit:
    """One HTTP request to an ASGI application: what it sends in, and what came out."""

    def __init__(self, application, path, *, root="", body=(b"",), leave_after_body=False):
        self.sent = []
        self.left = asyncio.Event()
        if leave_after_body:
            self.left.set()
        self._application = application
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST" if any(body) else "GET",
            "path": path,
            "root_path": root,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", b"shop.example")],
            "scheme": "http",
            "server": ("shop.example", 80),
            "client": ("192.0.2.1", 50000),
        }
        self._incoming = [
            {"type": "http.request", "body": part, "more_body": number < len(body)}
            for number, part in enumerate(body, start=1)
        ]

    async def run(self):
        async with asyncio.timeout(PATIENCE):
            await self._application(self._scope, self._receive, self._send)
        return self

    async def _receive(self):
        if self._incoming:
            return self._incoming.pop(0)
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, frame):
        self.sent.append(frame)

    def upload_never_ends(self):
        self._incoming[-1]["more_body"] = True
        return self


@pytest.fixture
def meter():
    return Meter()


@pytest.fixture
def application(meter):
    return MetricsApplication(ASGIHandler(), meter)


@pytest.mark.parametrize(
    ("visited", "route"),
    [("/sync/a/", "sync/<str:word>/"), ("/async/", "async/"), ("/", "/")],
)
async def test_an_answered_request_counts_once_under_its_route(application, meter, visited, route):
    await Visit(application, visited).run()
    tally = meter.take()
    assert (tally.requests, tally.statuses, routes_of(tally)) == (1, {"2xx": 1}, {route: 1})
    assert tally.routes[route].latencies.total == 1
    assert meter.in_flight == 0


async def test_a_view_that_raises_counts_as_a_server_error(application, meter):
    await Visit(application, "/broken/").run()
    tally = meter.take()
    assert (tally.statuses, routes_of(tally)) == ({"5xx": 1}, {"broken/": 1})
    assert tally.all_latencies().total == 1


async def test_a_path_without_a_view_counts_without_naming_the_path(application, meter):
    await Visit(application, "/no/such/page/").run()
    tally = meter.take()
    assert (tally.statuses, routes_of(tally)) == ({"4xx": 1}, {"unrouted": 1})


async def test_a_stream_counts_but_stays_out_of_the_latencies(application, meter):
    visit = await Visit(application, "/stream/").run()
    assert b"".join(frame.get("body", b"") for frame in visit.sent) == b"onetwo"
    tally = meter.take()
    assert tally.statuses == {"2xx": 1}
    assert tally.all_latencies().total == 0


async def test_a_stream_that_raises_is_closed_as_a_server_error(application, meter):
    with pytest.raises(LookupError):
        await Visit(application, "/broken-stream/").run()
    tally = meter.take()
    assert (tally.requests, tally.statuses) == (1, {"5xx": 1})
    assert tally.all_latencies().total == 0
    assert meter.in_flight == 0


async def test_a_client_that_leaves_during_its_upload_is_closed_as_left(application, meter):
    visit = Visit(application, "/sync/a/", body=(b"half",), leave_after_body=True)
    await visit.upload_never_ends().run()
    tally = meter.take()
    assert (tally.statuses, routes_of(tally)) == ({"left": 1}, {"unrouted": 1})
    assert meter.in_flight == 0


async def test_a_client_that_leaves_during_the_view_is_closed_as_left(application, meter):
    global entered
    entered = asyncio.Event()
    visit = Visit(application, "/patient/")
    running = asyncio.create_task(visit.run())
    await asyncio.wait_for(entered.wait(), PATIENCE)
    assert meter.in_flight == 1
    visit.left.set()
    await running
    tally = meter.take()
    assert tally.statuses == {"left": 1}
    assert tally.all_latencies().total == 0
    assert meter.in_flight == 0


async def test_a_server_that_cancels_the_request_leaves_nothing_in_flight(application, meter):
    global entered
    entered = asyncio.Event()
    running = asyncio.create_task(Visit(application, "/patient/").run())
    await asyncio.wait_for(entered.wait(), PATIENCE)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert meter.take().statuses == {"left": 1}
    assert meter.in_flight == 0


async def test_requests_side_by_side_are_all_counted(application, meter):
    visits = [Visit(application, "/sync/a/" if n % 2 else "/async/").run() for n in range(40)]
    await asyncio.gather(*visits)
    assert routes_of(meter.take()) == {"sync/<str:word>/": 20, "async/": 20}
    assert meter.in_flight == 0


async def test_taking_a_tally_starts_the_next_one_from_zero(application, meter):
    await Visit(application, "/async/").run()
    meter.take()
    assert meter.take().requests == 0


async def test_files_served_outside_django_count_as_static_and_are_not_timed(meter):
    async def files(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"body {}"})

    await Visit(MetricsApplication(files, meter), "/static/frontend/shop.css").run()
    tally = meter.take()
    assert (tally.statuses, routes_of(tally)) == ({"2xx": 1}, {"static": 1})
    assert tally.all_latencies().total == 0


async def test_static_files_are_known_by_the_setting_of_their_address(meter, settings):
    settings.STATIC_URL = "/assets/"
    await Visit(MetricsApplication(ASGIHandler(), meter), "/assets/frontend/shop.css").run()
    assert routes_of(meter.take()) == {"static": 1}


async def test_static_files_are_known_below_a_prefix(meter):
    path = "/shop/static/frontend/shop.css"
    await Visit(MetricsApplication(ASGIHandler(), meter), path, root="/shop").run()
    assert routes_of(meter.take()) == {"static": 1}


async def test_with_static_files_on_another_host_no_path_counts_as_static(meter, settings):
    settings.STATIC_URL = "https://cdn.example/"
    await Visit(MetricsApplication(ASGIHandler(), meter), "/async/").run()
    assert routes_of(meter.take()) == {"async/": 1}


async def test_a_slow_upload_is_not_a_slow_view(application, meter, monkeypatch):
    now = 100.0
    monkeypatch.setattr(receivers.time, "perf_counter", lambda: now)

    class SlowUpload(Visit):
        async def _receive(self):
            nonlocal now
            if self._incoming:
                now += 30
            return await super()._receive()

    await SlowUpload(application, "/async/", body=(b"half", b"other half")).run()
    assert meter.take().all_latencies().quantile(1) < 1_000


async def test_the_id_of_a_request_is_in_its_response_and_in_the_log(application, caplog):
    caplog.handler.addFilter(by_id := RequestId())
    visits = [await Visit(application, "/broken/").run() for _ in range(2)]
    caplog.handler.removeFilter(by_id)
    ids = [dict(visit.sent[0]["headers"])[b"x-request-id"].decode() for visit in visits]
    logged = [line for line in caplog.records if line.levelname == "ERROR"]
    assert [line.request_id for line in logged] == ids
    assert [line.of_request for line in logged] == [f" [request {one}]" for one in ids]
    assert len(set(ids)) == 2


def test_outside_of_a_request_a_line_of_the_log_names_none():
    line = logging.makeLogRecord({"msg": "started"})
    assert RequestId().filter(line)
    assert line.of_request == line.request_id == ""


@pytest.mark.parametrize("path", ["/async/", "/static/hub/dashboard/dashboard.js"])
async def test_looking_at_the_figures_does_not_change_them(meter, path):
    application = MetricsApplication(ASGIHandler(), meter, lambda: {"/async/"})
    await Visit(application, path).run()
    assert (meter.in_flight, meter.take().requests, meter.totals.snapshot()) == (0, 0, {})


async def test_a_websocket_is_passed_on_and_not_counted(meter):
    scopes = []

    async def socket(scope, receive, send):
        scopes.append(scope)

    scope = {"type": "websocket", "path": "/ws/"}
    await MetricsApplication(socket, meter)(scope, None, None)
    assert scopes == [scope]
    assert (meter.in_flight, meter.take().requests) == (0, 0)
