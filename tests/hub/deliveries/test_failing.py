"""Deliveries whose template, policy, worker or database fails, and when they are tried again."""

import datetime

import pytest
from django.core import mail
from django.db import OperationalError

from hub.deliveries import backoff
from hub.deliveries.backoff import pause
from hub.deliveries.sender import Sender
from hub.events import EventType
from hub.models import Delivery
from hub.policy import Policy
from tests.hub.emails import Posted, deliver, make_due, make_subscribers, only, publish_now

pytestmark = pytest.mark.django_db(transaction=True)


# What breaks


class Broken(EventType, frozen=True):
    type = "test.broken"
    mail = True
    mail_template = "hub/mail/there_is_none"

    def title(self):
        return "broken"


def test_a_template_that_fails_is_logged_and_does_not_hold_up_the_others(ana, caplog):
    publish_now(f"user.{ana.pk}", Broken(), Posted())
    done = deliver()
    assert (done.sent, done.waiting) == (1, 1)
    broken = Delivery.objects.get(type=Broken.type)
    assert "there_is_none" in broken.error and broken.attempts == 1
    assert "cannot write" in caplog.text


def test_a_policy_that_fails_sends_nothing(ana, caplog):
    class Torn(Policy):
        def refusals(self, user, topics):
            raise RuntimeError("torn")

    publish_now(f"user.{ana.pk}")
    assert deliver(Torn()).waiting == 1
    assert mail.outbox == []


def test_an_email_that_a_dead_worker_was_handing_over_is_sent_again_and_counted(ana, fake_means):
    class Killed(BaseException):
        pass

    fake_means.answers = [Killed()]
    publish_now(f"user.{ana.pk}")
    with pytest.raises(Killed):
        deliver()
    assert (only().state, only().attempts) == ("sending", 1)
    deliver()  # the next worker
    assert (only().state, only().attempts, only().repeats) == ("sent", 2, 1)
    assert fake_means.sent == [only().reference] * 2


def test_an_outcome_that_the_database_could_not_store_is_kept(ana, fake_means, monkeypatch):
    """The database goes away while the email is accepted: it is not sent again."""
    tell, calls = Sender._change, []

    def fail_once(self, parcel, outcome):
        calls.append(parcel)
        if len(calls) == 1:
            raise OperationalError("the database is away")
        tell(self, parcel, outcome)

    monkeypatch.setattr(Sender, "_change", fail_once)
    from hub.worker.worker import Worker as Working
    from tests.hub.site import SitePolicy

    publish_now(f"user.{ana.pk}")
    worker = Working(SitePolicy())
    with pytest.raises(OperationalError):
        worker.run_once()
    assert only().state == "sending"
    worker.run_once()
    assert (only().state, only().repeats) == ("sent", 0)
    assert len(fake_means.sent) == 1


def test_a_worker_that_is_stopping_begins_no_further_email(fake_means):
    from hub.deliveries.means import load_means
    from hub.deliveries.presence import Presence
    from tests.hub.site import SitePolicy

    make_subscribers(3, "open.1")
    publish_now("open.1")
    fake_means.unreachable = ConnectionRefusedError("not yet")
    deliver()
    fake_means.unreachable = None
    make_due()
    presence = Presence("here")
    presence.renew()
    sender = Sender(
        presence, SitePolicy(), load_means(), stopping=lambda: len(fake_means.sent) == 2
    )
    while sender.send_due():
        pass
    assert len(fake_means.sent) == 2


# The pause before the next attempt


def test_pauses_double_up_to_a_bound_with_a_random_half():
    for attempts, longest in [(1, 15), (2, 30), (5, 240), (9, 3_600), (10_000, 3_600)]:
        pauses = {pause(attempts) for _ in range(50)}
        seconds = [one.total_seconds() for one in pauses]
        assert longest / 2 <= min(seconds) and max(seconds) <= longest
        assert len(pauses) > 10
    total = sum((pause(n) for n in range(1, backoff.MAX_ATTEMPTS)), datetime.timedelta())
    assert datetime.timedelta(hours=8) < total < datetime.timedelta(days=2)
