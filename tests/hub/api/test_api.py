"""The hub's HTTP API: its answers and its errors."""

import datetime
import json

import pytest
from django.core import signing
from django.utils import timezone

from hub.identity import tickets
from tests.hub.api.errors import error
from tests.hub.site import make_person, tell
from tests.numbering import drain
from tests.rig.communicator import PatientCommunicator as HubCommunicator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(client, ana):
    client.force_login(ana)
    return client


def told(person, *words):
    """Publish events to the user; their positions."""
    tell(f"user.{person.pk}", *words)
    return [row.position for row in drain().rows if row.type == "test.told"]


def post(client, path, body=None):
    return client.post(path, json.dumps(body or {}), content_type="application/json")


def positions(client, query=""):
    return [item["id"] for item in client.get(f"/api/notifications{query}").json()["items"]]


# The inbox


def test_a_page_of_the_inbox_has_events_flags_and_counts(ana, browser):
    first, second = told(ana, "one", "two")
    page = browser.get("/api/notifications").json()
    assert set(page) == {"epoch", "items", "unseen", "unread", "next"}
    assert (page["unseen"], page["unread"], page["next"]) == (2, 2, None)
    newest, older = page["items"]
    assert (newest["id"], older["id"]) == (second, first)
    assert newest["title"] == "two"
    assert newest["data"] == {"text": "two", "same": None}
    assert newest["topic"] == f"user.{ana.pk}"
    assert newest["type"] == "test.told"
    assert {newest["seen"], newest["read"], newest["archived"]} == {False}
    assert "key" not in newest and "actions" not in newest and "image" not in newest


def test_next_leads_to_the_following_page(ana, browser):
    every = told(ana, *"abcde")
    page = browser.get("/api/notifications?limit=2").json()
    assert page["next"] == every[3]
    assert positions(browser, f"?limit=2&before={page['next']}") == every[1:3][::-1]


def test_each_action_sets_its_flags_and_states_filter_by_them(ana, browser):
    first, second = told(ana, "one", "two")
    answers = [
        post(browser, f"/api/notifications/{first}/{action}").json()
        for action in ("seen", "read", "unread", "archive", "unarchive", "archive")
    ]
    assert [tuple(answer.values()) for answer in answers] == [
        (True, False, False),
        (True, True, False),
        (True, False, False),
        (True, False, True),
        (True, False, False),
        (True, False, True),
    ]
    assert positions(browser) == positions(browser, "?state=unread") == [second]
    assert positions(browser, "?state=archived") == [first]


@pytest.mark.parametrize("action", ["seen", "read", "archive"])
def test_actions_on_everything_can_be_undone(ana, browser, action):
    (position,) = told(ana, "one")
    before = browser.get("/api/notifications").json()
    undo = post(browser, f"/api/notifications/{action}-all", {"position": position}).json()
    assert undo.pop("count") >= 1
    assert set(undo) == {"undo"}
    assert browser.get("/api/notifications").json() != before
    assert post(browser, "/api/notifications/undo", undo).json() == {"undone": True}
    assert browser.get("/api/notifications").json() == before
    assert error(post(browser, "/api/notifications/undo", undo)) == (409, "too_late")


def test_actions_on_everything_do_not_change_later_events(ana, browser):
    told(ana, "one")
    post(browser, "/api/notifications/read-all", {"position": 2**63 - 1})
    (later,) = told(ana, "two")
    assert positions(browser, "?state=unread") == [later]


def test_an_event_is_snoozed_until_a_moment_and_taken_back(ana, browser):
    (position,) = told(ana, "one")
    path = f"/api/notifications/{position}/snooze"
    until = (timezone.now() + datetime.timedelta(days=1)).replace(microsecond=0)
    answer = post(browser, path, {"until": until.isoformat()}).json()
    assert (answer["count"], set(answer)) == (1, {"undo", "count"})
    assert positions(browser) == []
    [item] = browser.get("/api/notifications?state=snoozed").json()["items"]
    assert datetime.datetime.fromisoformat(item["snoozed_until"]) == until
    assert post(browser, f"/api/notifications/{position}/unsnooze").json()["seen"]
    assert positions(browser) == [position]


@pytest.mark.parametrize(
    "until",
    ["", "tomorrow", "2026-01-01T09:00:00", "2026-01-01T09:00:00Z", "9999-12-31T23:00:00-14:00"],
)
def test_a_moment_without_an_offset_in_the_past_or_too_far_is_refused(ana, browser, until):
    (position,) = told(ana, "one")
    answer = post(browser, f"/api/notifications/{position}/snooze", {"until": until})
    assert error(answer) == (422, "invalid")
    assert positions(browser) == [position]


def test_other_users_events_cannot_be_flagged(ana, browser):
    ben = make_person("ben")
    (theirs,) = told(ben, "for ben")
    for position in (theirs, 10**9):
        answer = post(browser, f"/api/notifications/{position}/read")
        assert error(answer) == (404, "not_found")
        moment = {"until": "2099-01-01T00:00:00Z"}
        answer = post(browser, f"/api/notifications/{position}/snooze", moment)
        assert error(answer) == (404, "not_found")
    assert positions(browser) == []


def test_a_changed_flag_is_published_to_the_users_sockets(ana, browser):
    (position,) = told(ana, "one")
    post(browser, f"/api/notifications/{position}/read")
    (row,) = drain().rows
    assert (row.topic, row.type) == (f"user.{ana.pk}", "inbox.changed")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/notifications?limit=0", None, 422),
        ("/api/notifications?limit=101", None, 422),
        ("/api/notifications?before=0", None, 422),
        ("/api/notifications?before=x", None, 422),
        ("/api/notifications?before=" + "9" * 5000, None, 422),
        ("/api/notifications?state=gone", None, 422),
        ("/api/notifications/1/dance", {}, 422),
        ("/api/notifications/0/read", {}, 422),
        ("/api/notifications/x/read", {}, 422),
        ("/api/notifications/unread-all", {"position": 1}, 422),
        ("/api/notifications/read-all", {}, 422),
        ("/api/notifications/read-all", {"position": -1}, 422),
        ("/api/notifications/read-all", {"position": 2**63}, 422),
        ("/api/notifications/undo", {"undo": "nonsense"}, 422),
        ("/api/notifications/undo", {"undo": "read.99"}, 409),
        ("/api/nothing", None, 404),
        ("/api/notifications/1/read/more", {}, 404),
    ],
)
def test_every_error_has_the_same_shape(browser, path, body, status):
    answer = browser.get(path) if body is None else post(browser, path, body)
    assert error(answer)[0] == status


def test_an_error_names_the_field(browser):
    answer = browser.get("/api/notifications?limit=101")
    assert "limit" in answer.json()["error"]["message"]


def test_broken_json_is_a_bad_request(browser):
    for path in ("/api/notifications/read-all", "/api/mutes"):
        answer = browser.post(path, "{", content_type="application/json")
        assert error(answer) == (400, "bad_request")


# Preferences and mutes


def test_preferences_can_be_read_and_partly_changed(browser):
    assert browser.get("/api/preferences").json()["test.told"] == {
        "toast": True,
        "inbox": True,
        "email": False,
    }
    change = {"test.told": {"toast": False}}
    answer = browser.patch("/api/preferences", json.dumps(change), content_type="application/json")
    assert answer.json()["test.told"] == {"toast": False, "inbox": True, "email": False}
    assert browser.get("/api/preferences").json() == answer.json()


@pytest.mark.parametrize(
    "change",
    [
        {"rights.revoked": {"inbox": True}},
        {"nothing": {}},
        {"test.told": {"email": True}},
        {"test.told": {"fake_means": True}},
        {"test.told": {"toast": "perhaps"}},
        {"test.told": None},
        [],
    ],
)
def test_an_invalid_choice_changes_nothing(browser, change):
    before = browser.get("/api/preferences").json()
    if isinstance(change, dict) and change.keys() != {"test.told"}:
        change = {"test.told": {"toast": False}} | change
    answer = browser.patch("/api/preferences", json.dumps(change), content_type="application/json")
    assert error(answer) == (422, "invalid")
    assert browser.get("/api/preferences").json() == before


def test_mutes_can_be_added_and_removed(ana, browser):
    mute = {"topic": "open.a", "type": ""}
    assert post(browser, "/api/mutes", mute).json() == {"items": [mute]}
    assert post(browser, "/api/mutes", mute | {"on": False}).json() == {"items": []}
    assert browser.get("/api/mutes").json() == {"items": []}
    for wrong in ({}, {"topic": "No"}, {"type": "nothing"}, {"topic": "a\0b"}):
        assert error(post(browser, "/api/mutes", wrong)) == (422, "invalid")


# Tickets


async def test_a_ticket_opens_a_socket(ana, async_client, site):
    await async_client.aforce_login(ana)
    content = (await async_client.post("/api/ticket")).json()
    assert content["expires_in"] == 300
    socket = HubCommunicator(site.application)
    await socket.handshake()
    await socket.send_json_to({"op": "hello", "ticket": content["ticket"]})
    assert (await socket.receive_json_from(30))["user"] == {"id": ana.pk, "name": "ana"}
    await socket.disconnect()


def test_a_ticket_carries_its_session_and_does_not_show_it(browser):
    ticket = browser.post("/api/ticket").json()["ticket"]
    key = browser.session.session_key
    assert tickets.verify(ticket, 300).session_key == key
    assert key not in json.dumps(signing.loads(ticket, salt=tickets.SALT))


def test_a_ticket_carries_the_position_from_before_the_user_was_read(ana, browser, monkeypatch):
    told(ana, "one")
    read = type(ana).get_session_auth_hash

    def read_late(person):
        told(ana, "two")  # while the request is on its way
        return read(person)

    monkeypatch.setattr(type(ana), "get_session_auth_hash", read_late)
    content = browser.post("/api/ticket").json()
    assert tickets.verify(content["ticket"], 300).position == 1
