"""An account's address: emails wait until it is confirmed, and the one before is told."""

import datetime
import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from hub import preferences
from hub.models import Delivery
from hub.worker.worker import Worker
from orders import addresses
from orders.models import AddressPause, User
from orders.topics import ShopPolicy
from tests.numbering import drain
from tests.orders.shop import text, user

pytestmark = [pytest.mark.django_db(transaction=True)]

PASSWORD = "a long one, for once"
SIGN_UP = {
    "username": "buy-cheap-pills.example",
    "email": "eve@example.com",
    "password1": PASSWORD,
    "password2": PASSWORD,
}


@pytest.fixture(autouse=True)
def first_run():
    """Emails begin with the first worker."""
    sent()


@pytest.fixture
def eve():
    """A browser that has signed up and opened no link."""
    client = Client()
    assert client.post("/accounts/signup/", SIGN_UP).status_code == 302
    return client


def run_worker():
    drain()
    Worker(ShopPolicy()).run_once()


def sent():
    """What goes out now: (address, subject) of each email."""
    mail.outbox.clear()
    run_worker()
    return sorted((one.to[0], one.subject) for one in mail.outbox)


def link(text="http"):
    """The path of the link in the email that was sent last, whose body has this text."""
    [body] = [one.body for one in mail.outbox if text in one.body]
    return re.search(r"https?://[^/]+(/accounts/\S+)", body)[1]


def change_address(client, email):
    form = {"email": email, "password": PASSWORD, "bio": ""}
    assert client.post("/account/", form).status_code == 302


def test_a_new_address_gets_one_fixed_email_and_the_others_wait_for_its_link(eve):
    eve.post("/account/", {"first_name": "Buy", "email": "eve@example.com", "bio": ""})
    assert sent() == [("eve@example.com", "Confirm your email address")]
    body = mail.outbox[0].body + str(mail.outbox[0].alternatives[0])
    assert "pills" not in body and "Buy" not in body and "unsubscribe" not in body
    waiting = Delivery.objects.filter(error="the address is not confirmed yet")
    assert {one.type for one in waiting} == {"account.welcome", "account.updated"}
    assert Client().get(path := link()).status_code == 200
    assert sent() == [], "a program that opened the link has confirmed it"
    assert Client().post(path).status_code == 302
    assert {subject for _, subject in sent()} == {
        "Welcome, buy-cheap-pills.example",
        "Your account was changed",
    }
    assert Client().post(path).status_code == 302, "the same link once more"
    assert sent() == []


def test_what_waits_is_given_up_after_seven_days(eve):
    sent()
    past = timezone.now() - datetime.timedelta(days=7, seconds=1)
    Delivery.objects.filter(type="account.welcome").update(created_at=past, due_at=past)
    sent()
    welcome = Delivery.objects.get(type="account.welcome")
    assert (welcome.state, welcome.error) == (
        "failed",
        "the address was not confirmed within 7 days",
    )


def test_a_changed_address_counts_once_it_is_confirmed_and_the_old_one_is_told():
    ana = user()
    ana.set_password(PASSWORD)
    ana.save()
    sent()
    Delivery.objects.all().delete()
    client = Client()
    client.force_login(ana)
    change_address(client, "new@example.com")
    assert sent() == [
        ("ana@example.com", "Your account was changed"),
        ("new@example.com", "Confirm your email address"),
    ]
    client.post(link("given this address"))
    assert sent() == [("ana@example.com", "Your email address was changed")]
    end_sessions = link()
    assert Client().get(end_sessions).status_code == 200
    assert client.get("/account/").status_code == 200
    assert Client().post(end_sessions).status_code == 302
    assert client.get("/account/").status_code == 302, "the session has ended"


@pytest.mark.both
def test_an_address_that_nobody_confirmed_keeps_nobody_from_it(eve):
    owner = Client()
    form = {**SIGN_UP, "username": "owner", "email": "Eve@example.com"}
    assert owner.post("/accounts/signup/", form).status_code == 302
    AddressPause.objects.all().delete()
    assert owner.post("/accounts/confirm/").status_code == 302
    sent()
    first, *_ = [one for one in mail.outbox if one.to == ["Eve@example.com"]]
    path = re.search(r"https?://[^/]+(/accounts/\S+)", first.body)[1]
    assert owner.post(path).status_code == 302
    assert User.objects.get(username="owner").confirmed_email == "Eve@example.com"
    # Now it is taken, for the account that came first as well.
    AddressPause.objects.all().delete()
    squatter = User.objects.get(username=SIGN_UP["username"])
    refused = eve.post(addresses.confirmation_path(squatter.pk, squatter.email))
    assert refused.status_code == 410 and "Another account uses this" in text(refused)
    assert User.objects.filter(confirmed_email="").get() == squatter


def test_the_link_of_an_address_confirms_no_other_one(eve):
    sent()
    first = link()
    change_address(eve, "mallory@example.com")
    assert eve.post(first).status_code == 410
    assert User.objects.get().confirmed_email == ""
    assert eve.post(first.replace("confirm", "end-sessions")).status_code == 410


def test_an_old_link_says_so(eve, monkeypatch):
    sent()
    monkeypatch.setattr(addresses, "VALID", datetime.timedelta(0))
    page = eve.get(link())
    assert page.status_code == 410 and "no longer works" in page.content.decode()


def test_links_to_one_address_are_minutes_apart_and_then_hours(eve):
    sent()
    eve.post("/accounts/confirm/")
    assert sent() == []
    pause = AddressPause.objects.get(until__gt=timezone.now())
    for minutes in (10, 20, 40):
        now = timezone.now()
        AddressPause.objects.update(until=now)
        eve.post("/accounts/confirm/")
        assert sent() == [("eve@example.com", "Confirm your email address")]
        pause.refresh_from_db()
        assert round((pause.until - now).total_seconds() / 60) == minutes


def test_an_account_has_few_links_sent_to_strangers_until_it_pauses(eve):
    sent()
    for number in range(8):
        change_address(eve, f"stranger-{number}@example.org")
    assert len(sent()) == addresses.AT_ONCE - 1, "one went to the address of the sign-up"
    assert User.objects.get().email == "stranger-7@example.org"
    AddressPause.objects.update(until=timezone.now())
    eve.post("/accounts/confirm/")
    assert sent() == [("stranger-7@example.org", "Confirm your email address")]


def test_an_account_that_is_made_again_gets_no_second_email(eve):
    eve.post("/account/delete", {"password": PASSWORD})
    Client().post("/accounts/signup/", SIGN_UP)
    assert sent() == [("eve@example.com", "Confirm your email address")]


def test_deleting_an_account_whose_address_nobody_confirmed_sends_no_email(eve):
    sent()
    eve.post("/account/delete", {"password": PASSWORD})
    assert sent() == []


def test_ten_saves_within_ten_minutes_are_one_email():
    ana = user()
    sent()
    mail.outbox.clear()
    for number in range(10):
        ana.first_name = f"Ana {number}"
        ana.save()
        run_worker()
    assert [one.subject for one in mail.outbox] == ["Your account was changed"]
    Delivery.objects.update(created_at=timezone.now() - datetime.timedelta(minutes=11))
    ana.first_name = "Ana"
    ana.save()
    assert sent() == [("ana@example.com", "Your account was changed")]


def test_a_forgotten_password_is_chosen_anew_by_a_link():
    ana = user()
    sent()
    browser, elsewhere = Client(), Client()
    elsewhere.force_login(ana)
    page = browser.post("/accounts/password_reset/", {"email": "ANA@example.com"})
    assert "is on its way" in page.content.decode()
    assert sent() == [("ana@example.com", "Choose a new password")]
    form = browser.get(link(), follow=True)
    new = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert browser.post(form.request["PATH_INFO"], new).status_code == 302
    assert elsewhere.get("/account/").status_code == 302
    assert browser.login(username="ana", password=PASSWORD)
    assert "no longer works" in Client().get(link(), follow=True).content.decode()


def test_a_stranger_does_not_learn_who_has_an_account(eve):
    sent()
    texts = set()
    for address in ("eve@example.com", "nobody@example.com"):
        page = Client().post("/accounts/password_reset/", {"email": address})
        texts.add(page.content.decode().replace(address, "").partition("csrf")[0])
    assert len(texts) == 1
    assert sent() == [], "an address that nobody confirmed gets no link"


def test_security_notices_are_no_preference():
    ana = user()
    preferences.mute(ana.pk, topic="news")
    rows = [{"person": str(ana.pk), "type": "account.updated", "means": "email", "wanted": False}]
    preferences_rows(rows)
    sent()
    ana.first_name = "Ana"
    ana.save()
    assert sent() == [("ana@example.com", "Your account was changed")]
    assert "List-Unsubscribe" not in mail.outbox[0].extra_headers
    client = Client()
    client.force_login(ana)
    answer = client.patch(
        "/api/preferences", '{"account.updated": {"email": false}}', content_type="application/json"
    )
    assert (
        answer.status_code == 422 and "protects your account" in answer.json()["error"]["message"]
    )
    page = client.get("/inbox/preferences/").content.decode()
    assert "always on: this protects your account" in page
    assert client.post("/inbox/preferences/", {}).status_code == 302
    assert preferences.preferences_of(ana.pk)["account.updated"].email


def preferences_rows(rows):
    from hub.models import Preference

    Preference.objects.bulk_create(Preference(**row) for row in rows)


def test_the_old_unsubscribe_link_of_a_security_notice_says_why_it_goes_on():
    from hub.deliveries.unsubscribing import unsubscribe_path

    ana = user()
    path = unsubscribe_path(str(ana.pk), "account.updated")
    for answer in (Client().get(path), Client().post(path)):
        assert "protect your account" in answer.content.decode()
    assert preferences.preferences_of(ana.pk)["account.updated"].email


def test_the_admins_own_password_page_is_the_one_that_limits_guesses():
    client = Client()
    client.force_login(user("bea", is_staff=True, is_superuser=True))
    assert client.get("/admin/password_change/").headers["Location"] == "/accounts/password_change/"


def test_an_address_that_staff_enter_counts_as_confirmed(admin_client):
    ana = user()
    admin_client.post(*saved(admin_client, ana, email="new@example.com"))
    ana.refresh_from_db()
    assert ana.confirmed_email == "new@example.com"


def saved(client, row, **changes):
    """The admin's form of this user as it is shown, with changes; path and data."""
    path = f"/admin/orders/user/{row.pk}/change/"
    page = client.get(path).content.decode()
    shown = dict(
        re.findall(r'<input type="(?:text|email|hidden)" name="([^"]+)" value="([^"]*)"', page)
    )
    return path, {**shown, **changes}
