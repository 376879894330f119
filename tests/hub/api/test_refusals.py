"""The hub's HTTP API: who may use it, and how often."""

import pytest
from django.db import OperationalError
from django.test import Client

from hub.inbox import Inbox
from hub.models import InboxMark
from tests.hub.api.errors import error
from tests.hub.site import change_password, make_person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(client, ana):
    client.force_login(ana)
    return client


PRIVATE = [
    ("post", "/api/ticket"),
    ("get", "/api/notifications"),
    ("post", "/api/notifications/1/read"),
    ("post", "/api/notifications/read-all"),
    ("post", "/api/notifications/undo"),
    ("get", "/api/preferences"),
    ("patch", "/api/preferences"),
    ("get", "/api/mutes"),
    ("post", "/api/mutes"),
]


@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_requests_without_a_session_get_401(method, path):
    answer = getattr(Client(enforce_csrf_checks=True), method)(path)
    assert error(answer) == (401, "unauthorized")


def test_a_session_ends_with_a_new_password(ana, browser):
    change_password(ana)
    assert error(browser.get("/api/notifications")) == (401, "unauthorized")


@pytest.mark.parametrize(("method", "path"), [one for one in PRIVATE if one[0] != "get"])
def test_a_change_needs_a_csrf_token(ana, method, path):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ana)
    answer = getattr(strict, method)(path, "{}", content_type="application/json")
    assert error(answer) == (403, "csrf")
    assert not InboxMark.objects.exists()
    strict.cookies["csrftoken"] = "t" * 32
    answer = getattr(strict, method)(
        path, "{}", content_type="application/json", headers={"X-CSRFToken": "t" * 32}
    )
    assert answer.status_code != 403


def test_a_get_needs_no_csrf_token(ana):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ana)
    assert strict.get("/api/notifications").status_code == 200


def test_too_many_requests_get_429_with_retry_after(ana, browser, settings):
    settings.HUB = {"RATE": 1, "BURST": 3}
    ben = Client()
    ben.force_login(make_person("ben"))
    codes = [browser.get("/api/preferences").status_code for _ in range(3)]
    assert codes == [200] * 3
    # One a second is allowed: on a slow machine the first one too many may be no more.
    answers = (browser.get("/api/notifications") for _ in range(30))
    answer = next(answer for answer in answers if answer.status_code != 200)
    assert error(answer) == (429, "rate_limited")
    assert int(answer["Retry-After"]) >= 1
    assert ben.get("/api/preferences").status_code == 200


def test_a_database_error_is_503_without_its_text(browser, monkeypatch, caplog):
    def away(*args, **kwargs):
        raise OperationalError("could not connect to server at 10.0.0.7")

    monkeypatch.setattr(Inbox, "page", away)
    answer = browser.get("/api/notifications")
    assert error(answer) == (503, "unavailable")
    assert "10.0.0.7" not in answer.content.decode()
    assert "10.0.0.7" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("delete", "/api/notifications", {"GET"}),
        ("put", "/api/preferences", {"GET", "PATCH"}),
        ("get", "/api/notifications/1/read", {"POST"}),
    ],
)
def test_another_method_gets_405_in_the_one_shape(browser, method, path, allowed):
    answer = getattr(browser, method)(path)
    assert error(answer) == (405, "method_not_allowed")
    assert set(answer["Allow"].split(", ")) >= allowed
