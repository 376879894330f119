"""The inbox's pages and their buttons."""

import json
import re
from html import unescape

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hub import publish_many
from hub.inbox import has_seen
from hub.models import Event, InboxMark
from orders.events import TIMES, OrderReceived
from orders.models import Order
from tests.numbering import drain
from tests.orders.shop import product, text, user

pytestmark = pytest.mark.django_db(transaction=True)

POST_ONLY = ("/inbox/1/read", "/inbox/seen", "/inbox/all/read", "/inbox/undo", "/inbox/mute")


@pytest.fixture
def ana():
    made = user()
    drain()
    return made


@pytest.fixture
def ana_client(client, ana):
    client.force_login(ana)
    return client


def receive(user, *numbers):
    """Publish that orders were received; the positions."""
    with transaction.atomic():
        publish_many(
            (
                OrderReceived(
                    number=f"2026-{n:06}", product=1, name="Teapot", quantity=n, unit_price="29.00"
                ),
                f"user.{user.pk}",
            )
            for n in numbers
        )
    return [row.position for row in drain().rows if row.type == OrderReceived.type]


def shown(answer) -> list[int]:
    return [int(found) for found in re.findall(r'id="event-(\d+)"', answer.content.decode())]


def badge(client: Client) -> str:
    found = re.search(r'aria-label="Inbox, (.*) new"', client.get("/").content.decode())
    return found[1] if found else ""


def seen_upto(page: str) -> str | None:
    """The position up to which the page offers to mark everything as seen."""
    found = re.search(r'data-seen-upto="(\d+)"', page)
    return found[1] if found else None


def test_the_inbox_needs_a_log_in(client):
    for method, path in [
        ("get", "/inbox/"),
        ("get", "/inbox/preferences/"),
        ("get", "/inbox/1/"),
        ("post", "/inbox/1/read"),
        ("post", "/inbox/1/"),
        ("post", "/inbox/seen"),
        ("post", "/inbox/all/read"),
        ("post", "/inbox/undo"),
        ("post", "/inbox/mute"),
    ]:
        answer = getattr(client, method)(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/?next=/inbox/")


def test_changes_need_a_csrf_token(ana):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ana)
    for path in (*POST_ONLY, "/inbox/1/"):
        assert strict.post(path, {"position": "1"}).status_code == 403
    assert not InboxMark.objects.exists()


def test_buttons_accept_post_only(ana_client):
    for path in POST_ONLY:
        assert ana_client.get(path).status_code == 405


def test_the_newest_event_comes_first_with_its_text(ana, ana_client):
    (_, last) = receive(ana, 1, 2)
    answer = ana_client.get("/inbox/")
    assert answer.status_code == 200
    assert shown(answer)[0] == last
    assert f"2 {TIMES} Teapot" in text(answer)
    assert "Welcome, ana" in text(answer)


def test_an_empty_inbox_says_what_will_appear_there(ana, ana_client):
    InboxMark.objects.all().delete()
    ana_client.post("/inbox/all/archive", {"position": "99"})
    assert "All done" in text(ana_client.get("/inbox/"))
    assert "All read" in text(ana_client.get("/inbox/?state=unread"))
    ana_client.post("/inbox/undo", {"undo": f"archived.{InboxMark.objects.latest('turn').turn}"})
    assert "Nothing archived" in text(ana_client.get("/inbox/?state=archived"))


def test_the_badge_counts_unseen_events_until_all_are_marked_as_seen(ana, ana_client):
    assert badge(ana_client) == "1"
    receive(ana, 1, 2)
    assert badge(ana_client) == "3"
    page = ana_client.get("/inbox/").content.decode()
    assert ">new<" in page
    answer = ana_client.post("/inbox/all/seen", {"position": seen_upto(page)}, follow=True)
    assert "3 marked as seen." in text(answer)
    assert badge(ana_client) == ""
    page = ana_client.get("/inbox/").content.decode()
    assert ">new<" not in page
    assert seen_upto(page) is None


def test_the_badge_ends_at_99_plus(ana, ana_client):
    receive(ana, *range(1, 130))
    assert badge(ana_client) == "99+"


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Purpose": "prefetch"}, {"Sec-Fetch-Site": "cross-site"}]
)
@pytest.mark.parametrize("path", ["/inbox/", "/inbox/?state=unread", "/inbox/{position}/"])
def test_a_get_changes_nothing(ana, ana_client, path, headers):
    (position,) = receive(ana, 1)
    with CaptureQueriesContext(connection) as captured:
        ana_client.get(path.format(position=position), headers=headers)
    writes = ("INSERT", "UPDATE", "DELETE")
    assert not [one["sql"] for one in captured if one["sql"].startswith(writes)]
    assert badge(ana_client) == "2"


def test_only_the_newest_page_offers_to_mark_everything_as_seen(ana, ana_client):
    receive(ana, 1, 2)
    for query, offers in [("", 1), ("state=unread", 1), ("state=archived", 0), ("before=2", 0)]:
        page = ana_client.get(f"/inbox/?{query}").content.decode()
        assert page.count("data-seen-upto") == offers, query


@pytest.mark.parametrize(
    ("site", "reports"), [("none", 1), ("same-origin", 1), ("same-site", 0), ("cross-site", 0)]
)
def test_a_page_to_which_another_site_led_does_not_report_by_itself(ana_client, site, reports):
    page = ana_client.get("/inbox/", headers={"Sec-Fetch-Site": site}).content.decode()
    assert page.count("data-seen-upto") == reports
    assert "Mark all as seen" in page


def test_everything_up_to_a_position_is_reported_as_seen(ana, ana_client):
    position, _ = receive(ana, 1, 2)
    assert ana_client.post("/inbox/seen", {"upto": position}).status_code == 204
    assert badge(ana_client) == "1"
    ana_client.post("/inbox/seen", {"upto": "999999"})  # what comes later is not meant
    receive(ana, 3)
    assert badge(ana_client) == "1"


def test_single_events_are_reported_as_seen_and_those_of_others_are_left_out(ana, ana_client):
    ben = user("ben")
    drain()
    (theirs,), mine = receive(ben, 1), receive(ana, 1, 2)
    answer = ana_client.post("/inbox/seen", {"position": [*mine, theirs]})
    assert answer.status_code == 204
    assert badge(ana_client) == "1"  # the welcome
    assert not has_seen(ana.pk, theirs)


@pytest.mark.parametrize("form", [{"upto": "x"}, {"position": "-1"}, {"position": ["1", "9" * 30]}])
def test_a_report_of_something_else_is_not_found(ana_client, form):
    assert ana_client.post("/inbox/seen", form).status_code == 404


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
    assert "4 marked as read." in text(page)
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
def test_an_odd_cookie_of_what_was_done_counts_as_nothing_or_harms_nobody(ana_client, odd):
    ana_client.cookies["hub_done"] = odd
    assert ana_client.get("/inbox/").status_code == 200


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


def test_events_of_other_users_are_not_found(ana, ana_client):
    ben = user("ben")
    drain()
    (theirs,) = receive(ben, 1)
    for path in (f"/inbox/{theirs}/read", "/inbox/999999/read", f"/inbox/{10**30}/read"):
        assert ana_client.post(path).status_code == 404
    assert ana_client.get(f"/inbox/{theirs}/").status_code == 404


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


def test_older_events_are_on_further_pages(ana, ana_client):
    receive(ana, *range(1, 45))
    found, address = [], "/inbox/"
    while address:
        page = ana_client.get(address)
        found += shown(page)
        older = re.search(r'href="(\?[^"]*before=\d+)">Older', page.content.decode())
        address = f"/inbox/{unescape(older[1])}" if older else None
    assert found == sorted(set(found), reverse=True)
    assert len(found) == 45


def test_an_invalid_query_string_shows_the_inbox(ana, ana_client):
    for query in ("?before=x", "?state=x", "?before=-3", "?before=" + "9" * 40):
        assert len(shown(ana_client.get(f"/inbox/{query}"))) == 1


def test_a_page_costs_the_same_number_of_queries_however_much_it_shows(ana, ana_client):
    def queries() -> int:
        ana_client.get("/inbox/")
        with CaptureQueriesContext(connection) as captured:
            ana_client.get("/inbox/")
        return len(captured)

    few = queries()
    receive(ana, *range(1, 60))
    assert queries() == few


# Preferences and mutes


def test_preferences_are_saved_and_shown(ana, ana_client):
    page = ana_client.get("/inbox/preferences/").content.decode()
    boxes = re.findall(r'type="checkbox" name="([^"]+)" checked', page)
    assert "order.received:email" in boxes
    assert "order.placed:inbox" not in boxes  # for staff
    kept = {name: "on" for name in boxes if name != "order.received:inbox"}
    answer = ana_client.post("/inbox/preferences/", kept, follow=True)
    assert "Your preferences were saved." in text(answer)
    again = re.findall(r'name="([^"]+)" checked', answer.content.decode())
    assert set(again) == set(kept)
    receive(ana, 1)
    assert "Teapot" not in text(ana_client.get("/inbox/"))


def test_staff_can_choose_the_event_types_for_staff():
    boss = Client()
    boss.force_login(user("boss", is_staff=True))
    assert "Customers' new orders" in text(boss.get("/inbox/preferences/"))


def test_a_product_is_muted_from_the_inbox_and_unmuted(ana, ana_client):
    teapot = product()
    teapot.watchers.add(ana)
    teapot.price = 20
    teapot.save()
    drain()
    page = ana_client.get("/inbox/")
    assert "Teapot is now €20.00" in text(page)
    assert "You follow Teapot. Kind: Price drops of products you watch." in text(page)
    topic = {"topic": f"product.{teapot.pk}", "type": ""}
    answer = ana_client.post("/inbox/mute", topic, follow=True)
    assert "Unmute Teapot" in text(answer)
    assert "Teapot is now" not in text(ana_client.get("/inbox/"))
    ana_client.post("/inbox/mute", topic | {"on": "0"})
    assert "Teapot is now" in text(ana_client.get("/inbox/"))


def test_an_event_type_is_muted(ana, ana_client):
    receive(ana, 1)
    answer = ana_client.post("/inbox/mute", {"type": "order.received"}, follow=True)
    assert "Unmute Your orders" in text(answer)
    assert "Teapot" not in text(ana_client.get("/inbox/"))


@pytest.mark.parametrize("form", [{}, {"topic": "No topic"}, {"type": "rights.revoked"}])
def test_muting_something_that_cannot_be_muted_is_refused(ana_client, form):
    answer = ana_client.post("/inbox/mute", form, follow=True)
    assert "This cannot be muted." in text(answer)
