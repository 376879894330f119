"""Preferences and quiet hours over HTTP."""

import json

import pytest

from hub.models import QuietHours
from tests.hub.api.errors import error
from tests.hub.emails import Graced, Posted

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(client, ana):
    client.force_login(ana)
    return client


def patch(client, path, body):
    return client.patch(path, json.dumps(body), content_type="application/json")


def test_a_type_has_a_digest_where_its_emails_may_wait(browser):
    found = browser.get("/api/preferences").json()
    assert found[Posted.type] == {"toast": True, "inbox": True, "email": True, "digest": "now"}
    assert "digest" not in found["test.told"]
    answer = patch(browser, "/api/preferences", {Posted.type: {"digest": "daily", "toast": False}})
    assert answer.json()[Posted.type] == {
        "toast": False,
        "inbox": True,
        "email": True,
        "digest": "daily",
    }
    assert answer.json()[Graced.type]["digest"] == "now"


@pytest.mark.parametrize(
    "body",
    [{Posted.type: {"digest": "weekly"}}, {"test.told": {"digest": "daily", "toast": False}}],
)
def test_a_digest_that_there_is_not_is_refused_and_nothing_is_stored(browser, body):
    before = browser.get("/api/preferences").json()
    assert error(patch(browser, "/api/preferences", body)) == (422, "invalid")
    assert browser.get("/api/preferences").json() == before


def test_quiet_hours_are_set_changed_in_part_and_ended(browser):
    path = "/api/quiet-hours"
    nothing = {"from": None, "to": None, "zone": None}
    assert browser.get(path).json() == nothing
    hours = {"from": "22:00", "to": "07:00", "zone": "Europe/Berlin"}
    assert patch(browser, path, hours).json() == hours
    assert patch(browser, path, {"to": "06:30"}).json() == {**hours, "to": "06:30"}
    assert browser.get(path).json()["to"] == "06:30"
    assert patch(browser, path, {"from": None}).json() == nothing
    assert not QuietHours.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"from": "22:00"},
        {"from": "22:00", "to": "07:00", "zone": "Middle/Earth"},
        {"from": "07:00", "to": "07:00", "zone": "UTC"},
        {"from": "22:00Z", "to": "07:00", "zone": "UTC"},
        {"from": "late", "to": "07:00", "zone": "UTC"},
        {"from": "22:00", "to": "07:00", "zone": "UTC", "days": 7},
        {"from": "22:00", "to": "07:00", "zone": "x" * 65},
    ],
)
def test_odd_quiet_hours_are_refused(browser, body):
    assert error(patch(browser, "/api/quiet-hours", body)) == (422, "invalid")
    assert not QuietHours.objects.exists()


def test_quiet_hours_belong_to_a_user(client):
    assert error(client.get("/api/quiet-hours")) == (401, "unauthorized")
