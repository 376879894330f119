"""The position that a page carries; health and tickets over HTTP."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import RequestFactory

from hub import log, pages
from hub.identity import tickets
from hub.operations import health
from tests.hub.site import Site, make_person, tell
from tests.numbering import drain

pytestmark = pytest.mark.django_db(transaction=True)


def request_of(path="/", runtime=None, user=None, method="get"):
    request = getattr(RequestFactory(), method)(path)
    request.scope = {"hub": runtime} if runtime else {}
    request.user = user or AnonymousUser()

    class NoSession:
        session_key = None

    request.session = NoSession()
    return request


def test_without_a_server_a_page_carries_the_position_from_the_database():
    tell("open.1", "a", "b")
    drain()
    assert pages.page_of(request_of()) == f"{log.state().epoch}:2"


def test_the_position_is_read_before_the_view_queries():
    seen = []

    def view(request):
        seen.append(request.hub_page)
        tell("open.1", "committed while the page was made")
        drain()
        return HttpResponse()

    request = request_of()
    middleware = pages.PagePositionMiddleware(view)
    middleware.process_view(request, view, (), {})
    middleware(request)
    assert seen == [f"{log.state().epoch}:0"]
    assert pages.page(request) == {"hub_page": seen[0]}


def test_a_page_outside_the_middleware_carries_nothing():
    assert pages.page(request_of()) == {"hub_page": ""}


async def test_in_a_server_a_page_costs_no_query_and_its_socket_resumes_there(site: Site):
    await site.connect()
    await site.tell("open.1", "on the page")
    head = await site.followed()
    page = pages.page_of(request_of(runtime=site.runtime))
    epoch, position = page.split(":")
    assert int(position) == head
    await site.tell("open.1", "between page and socket")
    browser = await site.connect(None, ["open.1"], (epoch, int(position)))
    assert await browser.texts(1) == ["between page and socket"]


async def test_in_a_server_the_position_is_read_before_the_middleware_behind_it(site: Site):
    await site.connect()
    await site.tell("open.1", "seen by everybody")
    head = await site.followed()
    seen = []

    def next_middleware(request):
        seen.append(request.hub_page)
        site.runtime.follower.position += 1  # it goes on while the person is read
        middleware.process_view(request, next_middleware)
        site.runtime.follower.position -= 1
        seen.append(request.hub_page)

    middleware = pages.PagePositionMiddleware(next_middleware)
    middleware(request_of(runtime=site.runtime))
    assert seen == [f"{site.runtime.follower.epoch}:{head}"] * 2


# Health and tickets


def test_a_process_is_healthy_and_not_ready_before_it_follows_the_log():
    assert health.healthz(request_of()).status_code == 200
    assert health.readyz(request_of()).status_code == 503


async def test_a_process_that_follows_the_log_is_ready(site: Site):
    await site.connect()
    assert health.readyz(request_of(runtime=site.runtime)).status_code == 200
    site.runtime.shutdown.begun = True
    assert health.readyz(request_of(runtime=site.runtime)).status_code == 503


def test_a_signed_in_user_gets_a_ticket_of_their_own(client):
    ana = make_person()
    client.force_login(ana)
    answer = client.post("/api/ticket")
    assert answer.json()["expires_in"] == 300
    ticket = tickets.verify(answer.json()["ticket"], 300)
    assert ticket.user == str(ana.pk)
    assert ticket.session is not None
    assert "no-store" in answer["Cache-Control"]


def test_a_visitor_gets_no_ticket_and_a_get_is_refused(client):
    answer = client.post("/api/ticket")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"
    client.force_login(make_person())
    assert client.get("/api/ticket").status_code == 405


def test_without_the_middleware_issuing_a_ticket_names_it(client, settings):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "HubMiddleware" not in name]
    client.force_login(make_person())
    with pytest.raises(ImproperlyConfigured, match="HubMiddleware is not in MIDDLEWARE"):
        client.post("/api/ticket")
