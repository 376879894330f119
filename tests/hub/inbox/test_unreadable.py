"""A stored event that cannot be read: damaged, or of another version. It fails nothing else."""

import json

import pytest

from hub.log import readable
from hub.models import Event
from tests.hub.reader import inbox, texts, told

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_logged_before(monkeypatch):
    monkeypatch.setattr(readable, "_once", readable.WarnOnce(readable.logging.getLogger("hub.log")))


def store(position, **fields):
    """Change fields of a stored frame; None removes one."""
    row = Event.objects.get(position=position)
    frame = json.loads("{" + row.frame) | fields
    kept = {name: value for name, value in frame.items() if value is not None}
    Event.objects.filter(position=position).update(frame=json.dumps(kept)[1:])


@pytest.mark.parametrize(
    "damage",
    [
        lambda position: Event.objects.filter(position=position).update(frame="no JSON"),
        lambda position: Event.objects.filter(position=position).update(frame=""),
        lambda position: store(position, data=None),
        lambda position: store(position, title=7),
        lambda position: store(position, at="yesterday"),
        lambda position: store(position, actions=["/"]),
    ],
    ids=["no JSON", "empty", "no data", "title", "time", "actions"],
)
def test_an_unreadable_event_is_logged_once_and_left_out(ana, client, caplog, damage):
    first, second, third = told(f"user.{ana.pk}", "first", "second", "third")
    damage(second)
    client.force_login(ana)
    assert inbox(ana).unseen() == 3
    for _ in range(2):
        assert texts(ana) == texts(ana, "unread") == ["third", "first"]
        assert inbox(ana).find(second) is None
        page = client.get("/api/notifications").json()
        assert [item["id"] for item in page["items"]] == [third, first]
        assert client.post(f"/api/notifications/{second}/read").status_code == 404
        assert client.get("/inbox/").status_code == 200
    assert caplog.text.count("cannot be read") == 1
    assert f"position {second} " in caplog.text


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "https://evil.example/"},
        {"image": "//evil.example/a.png"},
        {"actions": [{"label": "Go", "url": "javascript:alert(1)"}]},
    ],
)
def test_an_event_with_a_link_to_another_site_is_shown_without_links(ana, fields):
    (position,) = told(f"user.{ana.pk}", "text")
    store(position, **fields)
    frame = inbox(ana).find(position).frame
    assert (frame["title"], frame["url"]) == ("text", "")
    assert not frame["image"] and not frame["actions"]
