"""What becomes of a delivery."""

import re

import pytest
from django.core import mail
from django.utils import timezone

from hub.deliveries import Deferred, Refused, backoff
from hub.inbox import mark_all
from hub.inbox.preferences import choose
from hub.models import Delivery, Event, Worker
from tests.hub.emails import (
    Graced,
    Posted,
    deliver,
    make_due,
    make_subscribers,
    only,
    publish_now,
    states,
)
from tests.hub.site import change_person
from tests.numbering import drain
from tests.rig.wait import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


# What the email looks like


def test_an_email_has_text_html_and_an_unsubscribe_link(ana, settings):
    settings.SITE_URL = "https://shop.example"
    settings.DEFAULT_FROM_EMAIL = "Shop <shop@shop.example>"
    publish_now(f"user.{ana.pk}", Posted(text="Tea <b>&</b> milk", link="/tea/"))
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


def test_a_line_end_in_a_title_adds_no_header(ana):
    publish_now(f"user.{ana.pk}", Posted(text="Hello\r\nBcc: eve@example.com\n\n<script>"))
    deliver()
    (sent,) = mail.outbox
    assert sent.subject == "Hello Bcc: eve@example.com <script>"
    assert sent.recipients() == ["ana@example.com"]
    assert sent.message()["Bcc"] is None


@pytest.mark.parametrize(
    "address", ["ana@example.com\nBcc: eve@example.com", "ana@example.com,eve@example.com", "ana"]
)
def test_a_delivery_to_an_invalid_address_is_given_up_with_the_reason(ana, address):
    change_person(ana, email=address)
    publish_now(f"user.{ana.pk}")
    deliver()
    assert mail.outbox == []
    assert (only().state, only().attempts) == ("failed", 1)
    assert "is not an email address" in only().error


# Which deliveries are skipped


@pytest.mark.parametrize(("seen", "state"), [(True, "skipped"), (False, "sent")])
def test_a_user_who_saw_the_event_within_its_grace_gets_no_email(ana, seen, state):
    publish_now(f"user.{ana.pk}", Graced())
    deliver()
    if seen:
        mark_all(ana.pk, "seen", Event.objects.get(type=Graced.type).position)
    make_due()
    deliver()
    assert only().state == state
    assert len(mail.outbox) == (not seen)


def test_an_event_without_grace_is_emailed_even_if_it_was_seen(ana):
    publish_now(f"user.{ana.pk}")
    drain()
    mark_all(ana.pk, "seen", 1)
    deliver()
    assert len(mail.outbox) == 1


def test_a_user_who_switched_the_type_off_meanwhile_gets_no_email(ana):
    publish_now(f"user.{ana.pk}", Graced())
    deliver()
    choose(ana.pk, {Graced.type: {"email": False}})
    make_due()
    deliver()
    assert (only().state, only().error) == ("skipped", "the user does not want it")


def test_a_user_who_lost_the_right_to_the_topic_gets_no_email():
    (ana,) = make_subscribers(1, "staff")
    change_person(ana, is_staff=True)
    publish_now("staff", Graced())
    deliver()
    change_person(ana, is_staff=False)
    make_due()
    deliver()
    assert (only().state, only().error) == ("skipped", "the user may not receive this topic")
    assert mail.outbox == []


def test_a_deactivated_user_gets_no_email(ana):
    change_person(ana, is_active=False)
    publish_now(f"user.{ana.pk}")
    deliver()
    assert states() == {str(ana.pk): "skipped"}


def test_a_user_without_an_address_or_an_account_gets_no_email(ana):
    change_person(ana, email="")
    publish_now(f"user.{ana.pk}")
    publish_now("user.4711")
    publish_now("user.not-a-number")
    deliver()
    reasons = Delivery.objects.order_by("pk").values_list("error", flat=True)
    assert list(reasons) == [
        "the user has no address",
        "the account is gone",
        "the account is gone",
    ]


# What the means replies


def test_a_final_refusal_is_given_up_at_once(ana, fake_means):
    fake_means.answers = [Refused("no such roof")]
    publish_now(f"user.{ana.pk}")
    deliver()
    assert (only().state, only().error, only().repeats) == ("failed", "no such roof", 0)


def test_a_temporary_refusal_is_tried_again_later_and_is_no_repeat(ana, fake_means):
    fake_means.answers = [Deferred("asleep")]
    publish_now(f"user.{ana.pk}")
    done = deliver()
    assert (done.waiting, only().error, only().attempts) == (1, "asleep", 1)
    wait = (only().due_at - timezone.now()).total_seconds()
    assert 0 < wait <= backoff.FIRST_PAUSE
    deliver()
    assert len(fake_means.sent) == 1, "not before its time"
    make_due()
    deliver()
    assert (only().state, only().attempts, only().repeats, only().error) == ("sent", 2, 0, "")


def test_an_unknown_outcome_is_tried_again_under_the_same_reference_and_counted(ana, fake_means):
    fake_means.answers = [ConnectionResetError("gone")]
    publish_now(f"user.{ana.pk}")
    deliver()
    assert (only().state, only().repeats, only().error) == ("waiting", 1, "gone")
    make_due()
    deliver()
    assert (only().state, only().repeats) == ("sent", 1)
    assert fake_means.sent == [only().reference] * 2


def test_a_delivery_is_given_up_after_max_attempts(ana, fake_means, monkeypatch):
    monkeypatch.setattr("hub.deliveries.sender.MAX_ATTEMPTS", 3)
    fake_means.answers = [Deferred("asleep")] * 9
    publish_now(f"user.{ana.pk}")
    for _ in range(5):
        deliver()
        make_due()
    assert (only().state, only().attempts, only().error) == ("failed", 3, "asleep")


def test_a_refused_recipient_does_not_hold_up_the_others(fake_means):
    people = make_subscribers(3, "open.1")
    fake_means.answers = [Refused("no"), Deferred("later"), None]
    publish_now("open.1")
    deliver()
    assert sorted(states().values()) == ["failed", "sent", "waiting"]
    assert len(people) == len(fake_means.sent)


def test_while_a_means_cannot_be_reached_only_one_delivery_counts_an_attempt(
    fake_means, caplog, monkeypatch
):
    # Longer than a busy machine can hold up a test.
    monkeypatch.setattr("hub.deliveries.means_state.FIRST_REOPEN", PATIENCE)
    make_subscribers(5, "open.1")
    fake_means.unreachable = ConnectionRefusedError("nobody there")
    publish_now("open.1")
    done = deliver()
    assert done.waiting == 5
    assert Delivery.objects.filter(attempts__gt=0).count() == 1
    assert Delivery.objects.filter(repeats__gt=0).count() == 0
    assert Worker.objects.get().error == "fake_means: nobody there"
    assert caplog.text.count("nobody there") == 1
    fake_means.unreachable = None
    make_due()
    assert deliver().sent == 5


def test_a_means_that_cannot_be_reached_does_not_hold_up_another(ana, fake_means, settings):
    settings.HUB_MEANS = ["tests.hub.fake_means.FakeMeans", "hub.deliveries.email.Email"]
    fake_means.unreachable = ConnectionRefusedError("nobody there")
    publish_now(f"user.{ana.pk}", Posted(text="one"), Posted(text="two"))
    deliver()
    assert [one.subject for one in mail.outbox] == ["one", "two"]
