"""Staff find an event, and see what became of it."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hub import publish
from hub.inbox import mark, mark_all
from hub.models import Event
from hub.topics import user_topic
from hub.trace import search as event_search
from tests.hub.emails import Posted, deliver, make_subscribers, publish_now
from tests.hub.site import Told, client_of, make_person, tell
from tests.numbering import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


@pytest.fixture
def boss():
    return client_of(make_person("boss", is_staff=True, is_superuser=True))


def found(client: Client, text: str = "", **more) -> list[int]:
    """The positions on the page of what was found."""
    page = client.get(reverse("hub:trace"), {"q": text, **more}).content.decode()
    return [int(number) for number in re.findall(r'trace/(\d+)/">', page)]


def test_an_event_is_found_by_whatever_is_known_of_it(boss):
    assert "There are no events yet." in boss.get(reverse("hub:trace")).content.decode()
    ana = make_person("ana")
    with transaction.atomic():
        publish(Told(text="2026-000007", same="a/b"), "open.1")
        publish(Told(text="2026-0000071"), "open.11")
        publish(Posted(text="“quoted”", link="/orders/7/"), user_topic(ana.pk))
    Event.objects.filter(topic="open.11").update(request_id="ab12-f", route="orders/<number>/")
    drain()
    assert found(boss) == [3, 2, 1]
    for text, positions in {
        "2": [2],
        "open.1": [1],
        "ana": [3],
        "ab12-f": [2],
        "2026-000007": [1],
        "a/b": [1],
        "/orders/7/": [3],
        "“quoted": [],
        "9" * 30: [],
        "open.12": [],
    }.items():
        assert found(boss, text) == positions, text


def test_many_events_are_pages_and_values_are_looked_for_step_by_step(boss, monkeypatch):
    monkeypatch.setattr(event_search, "PAGE", 2)
    monkeypatch.setattr(event_search, "SCANNED", 4)
    monkeypatch.setattr(event_search, "_AT_ONCE", 2)
    tell("open.1", "x", "y", "x", "x", "y")
    tell("open.2", *"yyyy")
    drain()
    pages, before = [], {}
    for _ in range(4):
        page = boss.get(reverse("hub:trace"), {"q": "x", **before}).content.decode()
        pages.append([int(number) for number in re.findall(r'trace/(\d+)/">', page)])
        if not (older := re.search(r"before=(\d+)", page)):
            break
        before = {"before": older[1], "value": "on"}
    assert [one for page in pages for one in page] == [4, 3, 1]
    assert len(pages) == 3
    assert found(boss, "open.1") == [5, 4]
    assert found(boss, "open.1", value="on") == []
    assert found(boss, "open.1", before=4) == [3, 2]
    assert found(boss, before=3) == [2, 1]


def test_what_cannot_be_meant_is_answered_clearly(boss):
    path = reverse("hub:trace")
    for query in ({"q": "a\0b"}, {"q": "a" * 201}, {"before": "-1"}, {"before": "9" * 30}):
        answer = boss.get(path, query)
        assert answer.status_code == 200
        assert 'role="alert"' in answer.content.decode()
    for position in ("7", "9" * 30):
        assert boss.get(f"{path}{position}/").status_code == 404
    assert boss.post(path).status_code == 405


def test_the_life_of_an_event_is_on_one_page(boss):
    [ana, ben] = make_subscribers(2, "open.1")
    publish_now("open.1", Posted(text="<b>bold</b>"), Posted(text="other"))
    Event.objects.filter(type=Posted.type).update(request_id="ab12-f", route="orders/<number>/")
    deliver()
    position, other = Event.objects.filter(type=Posted.type).values_list("position", flat=True)
    mark(ana.pk, "seen", position)
    path = reverse("hub:trace-event", args=[position])
    page = boss.get(path).content.decode()
    for words in (
        "orders/&lt;number&gt;/",
        "ab12-f",
        f"trace/{other}/",
        "Users who are subscribed to it: 2.",
        "email, sent",
        "&lt;b&gt;bold&lt;/b&gt;",
    ):
        assert words in page, words
    assert re.search(rf"{ana.username}</span>: seen", page)
    assert page.count(f"{ben.username}</span>: email, sent") == 1
    with CaptureQueriesContext(connection) as queries:
        boss.get(path)
    assert len(queries) <= 16


def test_events_of_a_user_and_those_that_cannot_be_read(boss):
    ana = make_person("ana")
    tell(user_topic(ana.pk), "hello")
    drain()
    mark_all(ana.pk, "read", 1)
    page = boss.get(reverse("hub:trace-event", args=[1])).content.decode()
    assert "To ana alone." in page and "ana</span>: read (all up to 1)" in page
    assert "outside of a request" in page and "No delivery was made for it." in page
    Event.objects.filter(position=1).update(frame="damaged <")
    assert "damaged &lt;" in boss.get(reverse("hub:trace-event", args=[1])).content.decode()
    assert found(boss, "hello") == []


def test_only_staff_who_may_view_events_follow_them(boss):
    publish_now("open.1")
    drain()
    paths = [reverse("hub:trace"), reverse("hub:trace-event", args=[1])]
    staff = make_person("staff", is_staff=True)
    for path in paths:
        assert Client().get(path).status_code == 302
        assert client_of(make_person(f"user{path}")).get(path).status_code == 403
        assert client_of(staff).get(path).status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="view_event"))
    for path in paths:
        assert client_of(staff).get(path).status_code == 200
    assert "You may not view deliveries." in client_of(staff).get(paths[1]).content.decode()
    assert "may not view" not in boss.get(paths[1]).content.decode()
