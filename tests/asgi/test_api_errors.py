"""Errors of the API and of pages, as the site's URLconf tells them apart."""

import pytest
from django.db import OperationalError

from hub.inbox import Inbox
from tests.hub.api.errors import error
from tests.hub.site import make_person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(client):
    client.force_login(make_person())
    return client


def test_a_bug_gets_500_in_the_one_shape_and_a_page_elsewhere(browser, monkeypatch, caplog):
    def fail(*args, **kwargs):
        raise LookupError("in the code")

    monkeypatch.setattr(Inbox, "page", fail)
    browser.raise_request_exception = False
    answer = browser.get("/api/notifications")
    assert error(answer) == (500, "server_error")
    assert "in the code" not in answer.content.decode()
    assert "in the code" in caplog.text
    assert "text/html" in browser.get("/inbox/")["Content-Type"]


def test_a_path_begins_no_line_of_its_own_in_the_log(browser, monkeypatch, caplog):
    def away(*args, **kwargs):
        raise OperationalError("the server closed the connection\n\tunexpectedly")

    monkeypatch.setattr("django.contrib.auth.middleware.auth.get_user", away)
    answer = browser.get("/api/orders/x%0aERROR%20django:%20FORGED")
    assert error(answer) == (503, "unavailable")
    [message] = [record.getMessage() for record in caplog.records if record.name == "hub.api"]
    assert "FORGED" in message and message.isprintable()
