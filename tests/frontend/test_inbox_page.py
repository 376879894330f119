"""The pages of the inbox: what they show, and what counts as seen."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hub.inbox import has_seen
from hub.models import InboxMark
from orders.events import TIMES
from tests.frontend.inbox import receive, shown
from tests.numbering import drain
from tests.orders.shop import text, user

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_events_of_other_users_are_not_found(ana, ana_client):
    ben = user("ben")
    drain()
    (theirs,) = receive(ben, 1)
    for path in (f"/inbox/{theirs}/read", "/inbox/999999/read", f"/inbox/{10**30}/read"):
        assert ana_client.post(path).status_code == 404
    assert ana_client.get(f"/inbox/{theirs}/").status_code == 404


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
