"""Tickets without the API: by the session, or by a project's own way to authenticate."""

import pytest
from django.test import Client
from django.urls import include, path

from hub.identity import tickets
from hub.views import TicketView
from tests.hub.site import make_person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]


def by_token(request):
    from django.contrib.auth import get_user_model

    name = request.headers.get("Authorization", "").removeprefix("Token ")
    return get_user_model().objects.filter(username=name).first()


urlpatterns = [
    path("hub/", include("hub.urls")),
    path("token-ticket", TicketView.as_view(authenticate=by_token)),
]


def test_a_session_gets_a_ticket_that_ends_with_it():
    ana = make_person()
    client = Client()
    assert client.post("/hub/ticket").status_code == 401
    client.force_login(ana)
    answer = client.post("/hub/ticket")
    assert answer.status_code == 200 and answer.json()["expires_in"] == 300
    assert "no-store" in answer["Cache-Control"]
    ticket = tickets.verify(answer.json()["ticket"], 300)
    assert ticket.user == str(ana.pk) and ticket.session is not None
    assert client.get("/hub/ticket").status_code == 405


def test_a_session_needs_its_csrf_token(settings):
    settings.CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_person())
    assert client.post("/hub/ticket").status_code == 403


def test_a_project_authenticates_by_a_function_of_its_own():
    ana = make_person("ana")
    client = Client(enforce_csrf_checks=True)
    assert client.post("/token-ticket").status_code == 401
    answer = client.post("/token-ticket", headers={"Authorization": "Token ana"})
    ticket = tickets.verify(answer.json()["ticket"], 300)
    assert ticket.user == str(ana.pk) and ticket.session is None
    make_person("gone", is_active=False)
    refused = client.post("/token-ticket", headers={"Authorization": "Token gone"})
    assert refused.status_code == 401 and refused.json()["error"]["code"] == "unauthorized"
    for _ in range(100):
        refused = client.post("/token-ticket", headers={"Authorization": "Token ana"})
        if refused.status_code == 429:
            break
    assert refused["Retry-After"] == "1"
