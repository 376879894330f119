"""The buttons of the inbox, without scripts: each leads back to where it was pressed."""

import datetime
import json
import re
import zoneinfo

import pytest
from django.test import Client
from django.utils import timezone

from hub.models import Event, InboxException, InboxMark
from orders.models import Order
from tests.frontend.inbox import drop_prices, receive, shown
from tests.numbering import drain
from tests.orders.shop import product, text, user

pytestmark = pytest.mark.django_db(transaction=True)

POST_ONLY = (
    "/inbox/1/read",
    "/inbox/1/snooze",
    "/inbox/seen",
    "/inbox/all/read",
    "/inbox/undo",
    "/inbox/mute",
)


def test_changes_need_a_csrf_token(ana):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ana)
    for path in (*POST_ONLY, "/inbox/1/"):
        assert strict.post(path, {"position": "1"}).status_code == 403
    assert not InboxMark.objects.exists()


def test_buttons_accept_post_only(ana_client):
    for path in POST_ONLY:
        assert ana_client.get(path).status_code == 405


def test_an_event_is_marked_read_and_unread_and_the_redirect_keeps_the_page(ana, ana_client):
    (position,) = receive(ana, 1)
    back = {"back": "state=unread&before=99"}
    answer = ana_client.post(f"/inbox/{position}/read", back)
    assert answer["Location"] == "/inbox/?state=unread&before=99"
    assert position not in shown(ana_client.get("/inbox/?state=unread"))
    ana_client.post(f"/inbox/{position}/unread")
    assert position in shown(ana_client.get("/inbox/?state=unread"))


def test_the_redirect_leads_to_the_inbox_only(ana, ana_client):
    (position,) = receive(ana, 1)
    for back in ("https://elsewhere.example/", "state=evil&before=x", "//x", "before=" + "9" * 30):
        answer = ana_client.post(f"/inbox/{position}/read", {"back": back})
        assert answer["Location"] == "/inbox/"


def test_an_archived_event_moves_to_the_archive_and_back(ana, ana_client):
    (position,) = receive(ana, 1)
    ana_client.post(f"/inbox/{position}/archive")
    assert position not in shown(ana_client.get("/inbox/"))
    assert shown(ana_client.get("/inbox/?state=archived")) == [position]
    ana_client.post(f"/inbox/{position}/unarchive")
    assert position in shown(ana_client.get("/inbox/"))


def test_mark_all_leaves_out_events_that_came_since_the_page_and_can_be_undone(ana, ana_client):
    old = receive(ana, 1, 2)
    page = ana_client.get("/inbox/?state=unread").content.decode()
    head = re.search(r'name="position" value="(\d+)"', page)[1]
    (new,) = receive(ana, 3)
    answer = ana_client.post("/inbox/all/read", {"position": head, "back": "state=unread"})
    assert shown(ana_client.get("/inbox/?state=unread")) == [new]
    page = ana_client.get(answer["Location"])
    assert "3 marked as read." in text(page)
    assert answer["Location"] == "/inbox/?state=unread"
    undo = re.search(r'name="undo" value="([^"]+)"', page.content.decode())[1]
    again = ana_client.post("/inbox/undo", {"undo": undo, "back": "state=unread"}, follow=True)
    assert shown(again)[:3] == [new, *reversed(old)]
    again = ana_client.post("/inbox/undo", {"undo": undo}, follow=True)
    assert "undone already" in text(again)


def test_archive_all_takes_what_the_filter_shows_and_says_how_many(ana, ana_client):
    read, *unread = receive(ana, 1, 2, 3)
    ana_client.post(f"/inbox/{read}/read")
    form = {"position": str(unread[-1]), "back": "state=unread"}
    answer = ana_client.post("/inbox/all/archive", form, follow=True)
    assert "3 archived." in text(answer)  # the welcome is one of them
    assert shown(ana_client.get("/inbox/")) == [read]
    undo = re.search(r'name="undo" value="([^"]+)"', answer.content.decode())[1]
    again = ana_client.post("/inbox/undo", {"undo": undo}, follow=True)
    assert "Undone." in text(again)
    assert shown(again)[:3] == [*reversed(unread), read]
    again = ana_client.post("/inbox/undo", {"undo": undo}, follow=True)
    assert "undone already" in text(again)


@pytest.mark.parametrize(
    ("action", "words", "inverse"),
    [
        ("archive", "Archived.", "unarchive"),
        ("unarchive", "Back in the inbox.", "archive"),
        ("read", "Marked as read.", "unread"),
        ("unread", "Marked as unread.", "read"),
    ],
)
def test_one_action_can_be_undone_for_ten_seconds(ana, ana_client, action, words, inverse):
    (position,) = receive(ana, 1)
    ana_client.post(f"/inbox/{position}/{inverse}")
    answer = ana_client.post(f"/inbox/{position}/{action}", follow=True)
    assert words in text(answer)
    assert f'action="/inbox/{position}/{inverse}"' in answer.content.decode()
    assert ana_client.cookies["hub_done"]["max-age"] == 10
    assert ana_client.cookies["hub_done"]["httponly"]
    del ana_client.cookies["hub_done"]
    assert words not in text(ana_client.get("/inbox/"))


@pytest.mark.parametrize(
    "odd",
    [
        "one=dance&position=1",
        "one=read&position=x",
        "all=read",
        "all=x&undo=1",
        "undone=7",
        "%00=%00",
        "one=read&position=" + "9" * 60,
        "topic=%00",
        "=",
        "x" * 5000,
    ],
)
def test_an_odd_cookie_of_what_was_done_counts_as_nothing_or_harms_nobody(ana, ana_client, odd):
    ana_client.cookies["hub_done"] = f"user={ana.pk}&{odd}"
    assert ana_client.get("/inbox/").status_code == 200


def test_the_next_user_of_a_browser_is_not_told_what_was_done(ana, ana_client):
    receive(ana, 1)
    ana_client.post("/inbox/mute", {"type": "order.received", "back": ""})
    words = "“Your orders” is muted"
    assert words in text(ana_client.get("/inbox/"))
    ana_client.post("/accounts/logout/")
    ana_client.force_login(user("ben"))
    assert "hub_done" in ana_client.cookies
    assert words not in text(ana_client.get("/inbox/"))


def test_earlier_events_of_the_same_subject_are_folded_and_follow_the_newest(ana, ana_client):
    first, second, newest = drop_prices(ana, "9.00", "8.00", "7.00")
    page = ana_client.get("/inbox/")
    assert shown(page)[0] == newest and not {first, second} & set(shown(page))
    assert "2 earlier" in text(page)
    path = re.search(rf'"(/inbox/{newest}/archive\?[^"]*)"', page.content.decode())[1]
    answer = ana_client.post(path, follow=True)
    assert "3 archived." in text(answer)
    assert newest not in shown(answer) and "2 earlier" not in text(answer)
    assert shown(ana_client.get("/inbox/?state=archived")) == [newest]
    undo = re.search(r'name="undo" value="([^"]+)"', answer.content.decode())[1]
    answer = ana_client.post("/inbox/undo", {"undo": undo}, follow=True)
    assert shown(answer)[0] == newest and "2 earlier" in text(answer)


def test_events_of_others_are_not_flagged_as_folded_ones(ana, ana_client):
    ben = user("ben")
    drain()
    (theirs,), (mine,) = drop_prices(ben, "9.00"), drop_prices(ana, "9.00")
    answer = ana_client.post(f"/inbox/{mine}/archive?alike={theirs},x,-1,,{'9' * 30}", follow=True)
    assert "Archived." in text(answer)
    assert not InboxException.objects.filter(position=theirs).exists()


@pytest.mark.parametrize(
    ("until", "moment", "words"),
    [
        ("hour", "", "Snoozed until"),
        ("tomorrow", "", ", 09:00."),
        ("week", "", ", 09:00."),
        ("moment", "{tomorrow}T17:30", ", 17:30."),
    ],
)
def test_an_event_is_snoozed_in_the_readers_zone_and_undone(ana, ana_client, until, moment, words):
    (position,) = receive(ana, 1)
    tomorrow = timezone.now().date() + datetime.timedelta(days=1)
    form = {
        "until": until,
        f"moment-{position}": moment.format(tomorrow=tomorrow),
        "zone": "Asia/Tokyo",
    }
    answer = ana_client.post(f"/inbox/{position}/snooze", form, follow=True)
    assert words in text(answer)
    assert position not in shown(answer)
    assert shown(ana_client.get("/inbox/?state=snoozed")) == [position]
    stored = InboxException.objects.get(what="snoozed").until
    if until != "hour":
        hour = 17 if until == "moment" else 9
        assert stored.astimezone(zoneinfo.ZoneInfo("Asia/Tokyo")).hour == hour
    undo = re.search(r'name="undo" value="([^"]+)"', answer.content.decode())[1]
    assert position in shown(ana_client.post("/inbox/undo", {"undo": undo}, follow=True))


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"until": "never"},
        {"until": "moment"},
        {"until": "moment", "moment": "yesterday"},
        {"until": "moment", "moment": "2020-01-01T10:00"},
        {"until": "moment", "moment": "9999-12-31T23:59", "zone": "../etc/passwd"},
        {"until": "moment", "moment": "0001-01-01T00:00", "zone": "Asia/Tokyo"},
    ],
)
def test_an_odd_moment_is_refused_in_words_and_nothing_changes(ana, ana_client, form):
    (position,) = receive(ana, 1)
    form = {"moment-" + str(position): form.pop("moment", ""), **form}
    answer = ana_client.post(f"/inbox/{position}/snooze", form, follow=True)
    assert "Choose a moment that is still to come." in text(answer)
    assert position in shown(answer)


def test_a_snoozed_event_is_taken_back_from_its_list(ana, ana_client):
    (position,) = receive(ana, 1)
    ana_client.post(f"/inbox/{position}/snooze", {"until": "hour"})
    answer = ana_client.post(f"/inbox/{position}/unsnooze", follow=True)
    assert "Back in the inbox." in text(answer)
    assert position in shown(answer)


def test_muting_from_the_inbox_stays_there_and_can_be_undone(ana, ana_client):
    receive(ana, 1)
    answer = ana_client.post("/inbox/mute", {"type": "order.received", "back": ""}, follow=True)
    assert answer.redirect_chain == [("/inbox/", 302)]
    assert "“Your orders” is muted" in text(answer)
    fields = dict(
        re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.content.decode())
    )
    again = ana_client.post("/inbox/mute", fields, follow=True)
    assert "Undone." in text(again) and "Teapot" in text(again)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/inbox/1/dance", {}),
        ("/inbox/all/unread", {"position": "1"}),
        ("/inbox/all/read", {}),
        ("/inbox/all/read", {"position": "-1"}),
        ("/inbox/all/read", {"position": "9" * 25}),
        ("/inbox/undo", {"undo": "nonsense"}),
    ],
)
def test_unknown_actions_and_positions_are_not_found(ana_client, path, form):
    assert ana_client.post(path, form).status_code == 404


def test_opening_an_event_by_its_form_marks_it_as_read(ana, ana_client):
    order = Order.objects.create(product=product(), ordered_by=ana, quantity=1)
    rows = drain().rows
    position = next(row.position for row in rows if row.type == "order.received")
    answer = ana_client.get(f"/inbox/{position}/")
    assert answer["Location"] == order.get_absolute_url()
    assert position in shown(ana_client.get("/inbox/?state=unread"))
    answer = ana_client.post(f"/inbox/{position}/")
    assert answer["Location"] == order.get_absolute_url()
    assert position not in shown(ana_client.get("/inbox/?state=unread"))


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "/\t/evil.example"])
def test_a_stored_url_of_another_site_is_not_followed(ana, ana_client, url):
    (position,) = receive(ana, 1)
    row = Event.objects.get(position=position)
    row.frame = re.sub('"url":"[^"]*"', lambda _: f'"url":{json.dumps(url)}', row.frame)
    row.save()
    assert ana_client.post(f"/inbox/{position}/")["Location"] == "/inbox/"


def test_an_event_without_a_url_leads_back_to_the_inbox(ana, ana_client):
    (welcome,) = shown(ana_client.get("/inbox/"))
    assert ana_client.get(f"/inbox/{welcome}/")["Location"] == "/inbox/"
