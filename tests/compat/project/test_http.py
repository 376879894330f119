"""What the hub offers over HTTP and to views: API, pages, inbox, preferences, deliveries."""

import re

import pytest
from desk.events import AccountClosed
from desk.models import Answer
from desk.pager import paged
from desk.policy import DeskPolicy
from django.core import mail
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from hub import log
from hub.deliveries import deliver_last
from hub.deliveries.unsubscribing import unsubscribe_path
from hub.inbox import Inbox, mark_all
from hub.models import Delivery, Event
from hub.preferences import choose, defaults, preferences_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visitor(ana):
    client = Client()
    client.force_login(ana)
    return client


@pytest.fixture
def answered(ticket):
    """An answer that was given and numbered."""
    Answer.objects.create(ticket=ticket)
    call_command("hub_deliver", once=True)
    return Event.objects.get(type="ticket.answered")


def test_a_page_carries_the_position_of_the_log(visitor, answered):
    body = visitor.get("/page/1/").content.decode()
    assert body == f"{log.state().epoch}:{log.state().head}"


def test_health_is_answered(visitor):
    assert visitor.get("/healthz").status_code == 200
    assert visitor.get("/readyz").status_code == 503, "no server follows the log"


def test_the_inbox_has_what_the_user_was_sent(ana, answered):
    inbox = Inbox(ana, DeskPolicy())
    (item,) = inbox.page().items
    assert (item.position, item.frame["type"]) == (answered.position, "ticket.answered")
    assert inbox.unseen() == 1
    with transaction.atomic():
        mark_all(ana.pk, "seen", answered.position)
    assert Inbox(ana, DeskPolicy()).unseen() == 0


def test_the_api_lists_and_marks_notifications(visitor, answered):
    listed = visitor.get("/api/notifications").json()
    assert [item["id"] for item in listed["items"]] == [answered.position]
    assert visitor.post(f"/api/notifications/{answered.position}/read").status_code == 200
    assert visitor.get("/api/notifications").json()["unread"] == 0


def test_the_api_gives_tickets_to_users_only(visitor):
    assert visitor.post("/api/ticket").json()["expires_in"] == 300
    refused = Client().post("/api/ticket")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthorized")
    assert visitor.get("/api/no/such/path").json()["error"]["code"] == "not_found"


def test_the_api_reads_and_changes_preferences(visitor, ana):
    change = {"ticket.answered": {"email": False}}
    answer = visitor.patch("/api/preferences", change, content_type="application/json")
    assert answer.json()["ticket.answered"]["email"] is False
    assert preferences_of(ana.pk)["ticket.answered"].email is False
    assert defaults()["ticket.answered"].email is True


def test_an_answer_is_delivered_by_each_means(ana, answered):
    assert [letter.address for letter in paged] == ["pager-of-ana"]
    (sent,) = mail.outbox
    assert (sent.to, sent.from_email) == (["ana@example.com"], "desk@desk.example")
    assert sent.subject == answered_title(answered)
    assert "http://desk.example/tickets/" in sent.body
    assert Delivery.objects.filter(state="sent").count() == 2


def answered_title(event):
    return re.search(r'"title":"([^"]+)"', event.frame).group(1)


def test_a_user_who_does_not_want_it_gets_no_delivery(ana, ticket):
    choose(ana.pk, {"ticket.answered": {"email": False}})
    Answer.objects.create(ticket=ticket)
    call_command("hub_deliver", once=True)
    assert (paged, mail.outbox) == ([], [])


def test_the_link_in_an_email_switches_it_off(ana):
    link = unsubscribe_path(ana.pk, "ticket.answered")
    assert Client().get(link).status_code == 200
    assert preferences_of(ana.pk)["ticket.answered"].email is True, "looking changes nothing"
    assert Client().post(link).status_code == 200
    assert preferences_of(ana.pk)["ticket.answered"].email is False


def test_a_deleted_user_is_sent_a_last_email(ana):
    with transaction.atomic():
        deliver_last(AccountClosed(), ana)
        ana.delete()
    call_command("hub_deliver", once=True)
    assert [sent.to for sent in mail.outbox] == [["ana@example.com"]]


@pytest.fixture(autouse=True)
def no_pages():
    paged.clear()
