"""The unsubscribe link in an email."""

import pytest
from django.core import mail, signing
from django.test import Client

from hub.deliveries.unsubscribing import SALT, unsubscribe_path
from hub.inbox.preferences import wants
from hub.models import Preference
from tests.hub.emails import Posted, deliver, publish_now
from tests.hub.site import Told, change_person

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stranger():
    """A mail program: it has no cookies, and Django checks its forms for CSRF."""
    return Client(enforce_csrf_checks=True)


def is_wanted(person) -> bool:
    return bool(wants([person.pk], Posted.type, "email"))


def link_of(message) -> str:
    header = message.extra_headers["List-Unsubscribe"]
    return header.strip("<>").removeprefix("http://127.0.0.1:8000")


def test_a_get_of_the_link_changes_nothing(ana, stranger, settings):
    settings.SITE_URL = "http://127.0.0.1:8000"
    publish_now(f"user.{ana.pk}")
    deliver()
    link = link_of(mail.outbox[0])
    page = stranger.get(link)
    assert page.status_code == 200
    assert "Stop these emails" in page.content.decode()
    assert "Test: posted" in page.content.decode()
    assert is_wanted(ana)


def test_one_click_switches_emails_of_the_type_off(ana, stranger):
    link = unsubscribe_path(str(ana.pk), Posted.type)
    page = stranger.post(link, {"List-Unsubscribe": "One-Click"})
    assert page.status_code == 200
    assert not is_wanted(ana)
    stranger.post(link)
    assert Preference.objects.count() == 1
    publish_now(f"user.{ana.pk}")
    deliver()
    assert mail.outbox == []


def test_emails_of_a_type_that_is_no_longer_emailed_cannot_be_switched_on(ana, stranger):
    link = unsubscribe_path(str(ana.pk), Told.type)
    assert stranger.post(link, {"on": "1"}).status_code == 404
    assert stranger.post(link).status_code == 200


def test_emails_of_the_type_can_be_switched_on_again(ana, stranger):
    link = unsubscribe_path(str(ana.pk), Posted.type)
    stranger.post(link)
    page = stranger.post(link, {"on": "1"})
    assert "back on" in page.content.decode()
    assert is_wanted(ana)


def test_the_page_is_not_stored_and_sends_no_referrer(ana, stranger):
    page = stranger.get(unsubscribe_path(str(ana.pk), Posted.type))
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_this_site_has_not_signed_is_not_found(ana, stranger, method):
    link = unsubscribe_path(str(ana.pk), Posted.type)
    forged = [
        link[:-2] + ("A" if link[-2] != "A" else "B") + "/",
        "/unsubscribe/x/",
        link.replace(SALT, ""),
        f"/unsubscribe/{signing.dumps([str(ana.pk), Posted.type], salt='other')}/",
    ]
    answers = [getattr(stranger, method)(one).status_code for one in forged]
    assert answers == [404, 404, 200, 404]


def test_a_link_for_a_deleted_user_or_type_is_not_found(ana, stranger):
    assert stranger.post(unsubscribe_path("4711", Posted.type)).status_code == 404
    assert stranger.post(unsubscribe_path("no-key", Posted.type)).status_code == 404
    assert stranger.post(unsubscribe_path(str(ana.pk), "test.gone")).status_code == 404
    assert not Preference.objects.exists()


def test_a_deactivated_user_can_still_switch_emails_off(ana, stranger):
    change_person(ana, is_active=False)
    assert stranger.post(unsubscribe_path(str(ana.pk), Posted.type)).status_code == 200
