"""Emails that wait for the end of quiet hours, or for a digest."""

import datetime
from typing import ClassVar

import pytest
from django.core import mail
from django.utils import timezone

from hub.deliveries import Deferred
from hub.inbox import mark, mark_all
from hub.inbox.digests import choose_digests, last_sending, next_sending
from hub.inbox.preferences import PreferenceError
from hub.inbox.quiet_hours import QuietHours, set_quiet_hours
from hub.inbox.zones import zone_of
from hub.models import Delivery
from tests.hub.emails import Graced, Posted, deliver, make_due, only, publish_now
from tests.hub.site import make_person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

HOUR = datetime.timedelta(hours=1)


class Alarm(Posted, frozen=True):
    type: ClassVar[str] = "test.alarm"
    severity: ClassVar[str] = "critical"


class Prompt(Posted, frozen=True):
    type: ClassVar[str] = "test.prompt"
    mail_digest: ClassVar[bool] = False


class Guarding(Posted, frozen=True):
    type: ClassVar[str] = "test.guarding"
    security: ClassVar[bool] = True


def be_quiet(user, begins=-HOUR, ends=HOUR):
    """Quiet hours around now, in UTC."""
    now = timezone.now().astimezone(datetime.UTC)
    hours = QuietHours((now + begins).time(), (now + ends).time(), "UTC")
    set_quiet_hours(user.pk, hours)


def age(by=25 * HOUR):
    """Let all deliveries have been made earlier, and be due now."""
    Delivery.objects.update(created_at=timezone.now() - by)
    make_due()


def test_emails_wait_for_the_end_of_quiet_hours_except_for_what_is_critical(ana):
    be_quiet(ana)
    publish_now(f"user.{ana.pk}", Posted(text="later"), Alarm(text="now"), Guarding(text="you"))
    deliver()
    assert sorted(sent.subject for sent in mail.outbox) == ["now", "you"]
    held = Delivery.objects.get(type="test.posted")
    assert (held.state, held.attempts) == ("waiting", 0)
    assert "quiet hours" in held.error
    assert abs(held.due_at - timezone.now() - HOUR) < datetime.timedelta(minutes=1)
    deliver()  # it is not taken for misdated
    be_quiet(ana, begins=HOUR, ends=2 * HOUR)
    make_due()
    deliver()
    assert mail.outbox[-1].subject == "later"


def test_what_was_seen_in_quiet_hours_is_not_emailed(ana):
    be_quiet(ana)
    publish_now(f"user.{ana.pk}", Graced())
    deliver()
    make_due()
    mark_all(ana.pk, "seen", only().position)
    deliver()
    assert (only().state, mail.outbox) == ("skipped", [])


@pytest.mark.parametrize("every", ["hourly", "daily"])
def test_a_digest_is_one_email_for_all_that_came_since_the_last(ana, every):
    ben = make_person("ben")
    choose_digests(ana.pk, {"test.posted": every, "test.graced": every})
    for user in (ana, ben):
        publish_now(f"user.{user.pk}", *(Posted(text=f"<{n}>", link=f"/{n}/") for n in range(3)))
    publish_now(f"user.{ana.pk}", Graced())
    deliver()
    assert [sent.to for sent in mail.outbox] == [["ben@example.com"]] * 3
    mail.outbox.clear()
    age()
    deliver()
    (sent,) = mail.outbox
    assert sent.to == ["ana@example.com"]
    assert sent.subject == "4 new: graced"
    for n in range(3):
        assert f"<{n}>" in sent.body and f"/{n}/" in sent.body
        assert f"&lt;{n}&gt;" in sent.alternatives[0][0]
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_a_digest_of_one_is_an_ordinary_email_and_leaves_out_what_is_not_wanted(ana):
    choose_digests(ana.pk, {"test.graced": "hourly", "test.posted": "hourly"})
    publish_now(f"user.{ana.pk}", Graced(), Posted(text="alone"))
    deliver()
    mark(ana.pk, "seen", Delivery.objects.get(type="test.graced").position)
    age()
    deliver()
    (sent,) = mail.outbox
    assert sent.subject == "alone"


def test_a_digest_that_is_refused_or_deferred_is_that_for_each_part(ana, fake_means):
    choose_digests(ana.pk, {"test.posted": "hourly"})
    publish_now(f"user.{ana.pk}", Posted(), Posted())
    deliver()
    age()
    fake_means.answers = [Deferred("busy")]
    deliver()
    assert len(fake_means.sent) == 1
    assert set(Delivery.objects.values_list("state", "error")) == {("waiting", "busy")}
    make_due()
    deliver()
    assert fake_means.sent == [Delivery.objects.earliest("pk").reference] * 2
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 2)}


def test_the_link_in_a_digest_switches_all_its_types_off(ana, client):
    choose_digests(ana.pk, {"test.posted": "hourly", "test.graced": "hourly"})
    publish_now(f"user.{ana.pk}", Posted(), Graced())
    deliver()
    age()
    deliver()
    link = mail.outbox[0].extra_headers["List-Unsubscribe"].strip("<>")
    path = link[link.index("/unsubscribe/") :]
    client.post(path)
    publish_now(f"user.{ana.pk}", Posted(), Graced())
    deliver()
    assert Delivery.objects.count() == 2


@pytest.mark.parametrize("type", ["test.prompt", "test.guarding", "test.none"])
def test_types_whose_emails_do_not_wait_cannot_be_chosen(ana, type):
    with pytest.raises(PreferenceError, match="go out at once"):
        choose_digests(ana.pk, {type: "daily"})


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-27T21:59:00+01:00", None),
        ("2026-11-27T22:00:00+01:00", "2026-11-28T07:00:00+01:00"),
        ("2026-11-28T03:00:00+01:00", "2026-11-28T07:00:00+01:00"),
        ("2026-11-28T07:00:00+01:00", None),
        ("2026-10-25T01:30:00+02:00", "2026-10-25T07:00:00+01:00"),  # the clocks are put back
    ],
)
def test_quiet_hours_over_midnight(now, end):
    hours = QuietHours(datetime.time(22), datetime.time(7), "Europe/Berlin")
    found = hours.end(datetime.datetime.fromisoformat(now))
    assert found == (end and datetime.datetime.fromisoformat(end))


def test_digests_go_out_at_full_hours_and_in_the_morning():
    now = datetime.datetime.fromisoformat("2026-11-27T06:30:00+00:00")
    zone = zone_of("Europe/Berlin")
    assert last_sending("hourly", zone, now).isoformat() == "2026-11-27T07:00:00+01:00"
    assert next_sending("hourly", zone, now).isoformat() == "2026-11-27T08:00:00+01:00"
    assert last_sending("daily", zone, now).isoformat() == "2026-11-26T08:00:00+01:00"
    assert next_sending("daily", zone, now).isoformat() == "2026-11-27T08:00:00+01:00"


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (QuietHours(datetime.time(1), datetime.time(2), "Nowhere/Else"), "no time zone"),
        (QuietHours(datetime.time(1), datetime.time(2), "../etc/passwd"), "no time zone"),
        (QuietHours(datetime.time(1), datetime.time(2), "x" * 500), "no time zone"),
        (QuietHours(datetime.time(1), datetime.time(1), "UTC"), "begin when they end"),
    ],
)
def test_odd_quiet_hours_are_refused(ana, hours, words):
    with pytest.raises(PreferenceError, match=words):
        set_quiet_hours(ana.pk, hours)
