"""What becomes of a delivery."""

import re

import pytest
from django.core import mail
from django.utils import timezone

from hub.deliveries import Deferred, Refused, backoff
from hub.inbox import mark_all
from hub.inbox.preferences import choose
from hub.models import Delivery, Event, Worker
from tests.hub.post import Graced, Posted, deliver, make_due, make_subscribers, only, post, states
from tests.hub.site import change_person
from tests.numbering import drain
from tests.rig.wait import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


# What the mail looks like


def test_a_mail_has_text_and_html_and_says_how_to_end_it(ana, settings):
    settings.SITE_URL = "https://shop.example"
    settings.DEFAULT_FROM_EMAIL = "Shop <shop@shop.example>"
    post(f"user.{ana.pk}", Posted(text="Tea <b>&</b> milk", link="/tea/"))
    deliver()
    (sent,) = mail.outbox
    assert sent.subject == "Tea <b>&</b> milk"
    assert sent.to == ["ana@example.com"]
    assert sent.from_email == "Shop <shop@shop.example>"
    for part in ("Tea <b>&</b> milk", "A sentence.", "https://shop.example/tea/"):
        assert part in sent.body
    (html, kind), *others = sent.alternatives
    assert (kind, others) == ("text/html", [])
    assert "Tea &lt;b&gt;&amp;&lt;/b&gt; milk" in html and "<b>&" not in html
    assert 'href="https://shop.example/tea/"' in html
    headers = sent.extra_headers
    assert headers["Message-ID"] == f"<{only().reference}@shop.example>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.fullmatch(r"<(https://shop\.example/unsubscribe/\S+/)>", headers["List-Unsubscribe"])
    assert link and link[1] in sent.body and link[1] in html


def test_a_line_end_in_a_title_makes_no_header(ana):
    post(f"user.{ana.pk}", Posted(text="Hello\r\nBcc: eve@example.com\n\n<script>"))
    deliver()
    (sent,) = mail.outbox
    assert sent.subject == "Hello Bcc: eve@example.com <script>"
    assert sent.recipients() == ["ana@example.com"]
    assert sent.message()["Bcc"] is None


@pytest.mark.parametrize(
    "address", ["ana@example.com\nBcc: eve@example.com", "ana@example.com,eve@example.com", "ana"]
)
def test_what_is_no_address_is_given_up_with_the_reason(ana, address):
    change_person(ana, email=address)
    post(f"user.{ana.pk}")
    deliver()
    assert mail.outbox == []
    assert (only().state, only().attempts) == ("failed", 1)
    assert "is no e-mail address" in only().error


# Who is not sent it after all


@pytest.mark.parametrize(("seen", "state"), [(True, "skipped"), (False, "sent")])
def test_who_saw_it_in_the_browser_within_the_grace_is_not_mailed(ana, seen, state):
    post(f"user.{ana.pk}", Graced())
    deliver()
    if seen:
        mark_all(ana.pk, "seen", Event.objects.get(type=Graced.type).position)
    make_due()
    deliver()
    assert only().state == state
    assert len(mail.outbox) == (not seen)


def test_what_has_no_grace_is_mailed_even_if_it_was_seen(ana):
    post(f"user.{ana.pk}")
    drain()
    mark_all(ana.pk, "seen", 1)
    deliver()
    assert len(mail.outbox) == 1


def test_who_switched_it_off_meanwhile_is_not_mailed(ana):
    post(f"user.{ana.pk}", Graced())
    deliver()
    choose(ana.pk, {Graced.type: {"email": False}})
    make_due()
    deliver()
    assert (only().state, only().error) == ("skipped", "the person does not want it")


def test_who_lost_the_right_to_hear_it_is_not_mailed():
    (ana,) = make_subscribers(1, "staff")
    change_person(ana, is_staff=True)
    post("staff", Graced())
    deliver()
    change_person(ana, is_staff=False)
    make_due()
    deliver()
    assert (only().state, only().error) == ("skipped", "the person may not hear it")
    assert mail.outbox == []


def test_who_is_deactivated_is_not_mailed(ana):
    change_person(ana, is_active=False)
    post(f"user.{ana.pk}")
    deliver()
    assert states() == {str(ana.pk): "skipped"}


def test_who_has_no_address_or_no_account_is_not_mailed(ana):
    change_person(ana, email="")
    post(f"user.{ana.pk}")
    post("user.4711")
    post("user.not-a-number")
    deliver()
    reasons = Delivery.objects.order_by("pk").values_list("error", flat=True)
    assert list(reasons) == [
        "the person has no address",
        "the account is gone",
        "the account is gone",
    ]


# Answers


def test_a_final_refusal_is_given_up_at_once(ana, pigeon):
    pigeon.answers = [Refused("no such roof")]
    post(f"user.{ana.pk}")
    deliver()
    assert (only().state, only().error, only().repeats) == ("failed", "no such roof", 0)


def test_a_temporary_refusal_is_tried_again_later_and_is_no_repeat(ana, pigeon):
    pigeon.answers = [Deferred("asleep")]
    post(f"user.{ana.pk}")
    done = deliver()
    assert (done.waiting, only().error, only().attempts) == (1, "asleep", 1)
    wait = (only().due_at - timezone.now()).total_seconds()
    assert 0 < wait <= backoff.FIRST
    deliver()
    assert len(pigeon.flown) == 1, "not before its time"
    make_due()
    deliver()
    assert (only().state, only().attempts, only().repeats, only().error) == ("sent", 2, 0, "")


def test_an_unknown_outcome_is_tried_again_under_the_same_reference_and_counted(ana, pigeon):
    pigeon.answers = [ConnectionResetError("gone")]
    post(f"user.{ana.pk}")
    deliver()
    assert (only().state, only().repeats, only().error) == ("waiting", 1, "gone")
    make_due()
    deliver()
    assert (only().state, only().repeats) == ("sent", 1)
    assert pigeon.flown == [only().reference] * 2


def test_it_is_given_up_after_so_many_attempts(ana, pigeon, monkeypatch):
    monkeypatch.setattr("hub.deliveries.sender.ATTEMPTS", 3)
    pigeon.answers = [Deferred("asleep")] * 9
    post(f"user.{ana.pk}")
    for _ in range(5):
        deliver()
        make_due()
    assert (only().state, only().attempts, only().error) == ("failed", 3, "asleep")


def test_one_who_is_refused_does_not_hold_up_the_others(pigeon):
    people = make_subscribers(3, "open.1")
    pigeon.answers = [Refused("no"), Deferred("later"), None]
    post("open.1")
    deliver()
    assert sorted(states().values()) == ["failed", "sent", "waiting"]
    assert len(people) == len(pigeon.flown)


def test_while_a_means_is_out_of_reach_one_delivery_is_charged(pigeon, caplog, monkeypatch):
    monkeypatch.setattr("hub.deliveries.sender.REOPEN", PATIENCE)  # longer than a test stands still
    make_subscribers(5, "open.1")
    pigeon.unreachable = ConnectionRefusedError("nobody there")
    post("open.1")
    done = deliver()
    assert done.waiting == 5
    assert Delivery.objects.filter(attempts__gt=0).count() == 1
    assert Delivery.objects.filter(repeats__gt=0).count() == 0
    assert Worker.objects.get().error == "pigeon: nobody there"
    assert caplog.text.count("nobody there") == 1
    pigeon.unreachable = None
    make_due()
    assert deliver().sent == 5


def test_a_means_that_is_out_of_reach_does_not_hold_up_another(ana, pigeon, settings):
    settings.HUB_MEANS = ["tests.hub.pigeon.Pigeon", "hub.deliveries.email.Email"]
    pigeon.unreachable = ConnectionRefusedError("nobody there")
    post(f"user.{ana.pk}", Posted(text="one"), Posted(text="two"))
    deliver()
    assert [one.subject for one in mail.outbox] == ["one", "two"]
