"""Several workers send at once, and an order's email does not wait behind a campaign."""

import datetime
import threading
from collections import Counter
from typing import ClassVar

import pytest
from django.db import transaction
from django.utils import timezone

from hub import subscribe
from hub.deliveries import planner
from hub.deliveries.claims import claim, release
from hub.deliveries.lease import SECONDS, Lease
from hub.deliveries.means import load_means
from hub.deliveries.presence import Presence
from hub.deliveries.sender import BATCH_SIZE, Sender
from hub.models import Delivery, Event, WorkerProcess
from tests.hub.emails import Posted, make_subscribers, only, publish_now
from tests.hub.log.test_numbering import in_threads
from tests.hub.site import SitePolicy, make_person
from tests.numbering import drain
from tests.rig.wait import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


class Newsletter(Posted, frozen=True):
    type: ClassVar[str] = "test.newsletter"
    mail_bulk: ClassVar[bool | None] = True


class Alert(Posted, frozen=True):
    type: ClassVar[str] = "test.alert"
    mail_bulk: ClassVar[bool | None] = False


def plan_once() -> None:
    lease = Lease()
    assert lease.take()
    planner.plan(lease, load_means())
    lease.release()


def plan_all() -> None:
    lease = Lease()
    assert lease.take()
    drain()
    while planner.plan(lease, load_means()):
        pass
    lease.release()


def present(name: str) -> Presence:
    presence = Presence(name)
    presence.renew()
    return presence


def sender_of(presence: Presence) -> Sender:
    return Sender(presence, SitePolicy(), load_means())


def die(name: str) -> None:
    """Let the worker's presence run out, as if it had been killed."""
    past = timezone.now() - datetime.timedelta(seconds=1)
    WorkerProcess.objects.filter(holder=name).update(until=past)


def lanes() -> dict[str, int]:
    """How many deliveries of each type are in the lane for bulk."""
    return Counter(Delivery.objects.filter(lane=1).values_list("type", flat=True))


# Lanes


def test_an_orders_email_goes_before_the_rest_of_a_campaign(fake_means, monkeypatch):
    monkeypatch.setattr(planner, "PAGE_RECIPIENTS", 20)
    make_subscribers(BATCH_SIZE * 2, "open.1")
    publish_now("open.1")
    plan_all()
    sender = sender_of(present("here"))
    assert sender.send_due() > 0
    buyer = make_person("buyer")
    publish_now(f"user.{buyer.pk}")
    plan_all()
    before = len(fake_means.sent)
    sender.send_due()
    order = Delivery.objects.get(person=str(buyer.pk))
    assert fake_means.sent[before] == order.reference


def test_an_order_is_planned_before_the_rest_of_a_campaign(fake_means, monkeypatch):
    monkeypatch.setattr(planner, "PAGE_RECIPIENTS", 3)
    make_subscribers(12, "open.1")
    buyer = make_person("buyer")
    publish_now("open.1")
    publish_now(f"user.{buyer.pk}")
    drain()
    plan_once()
    assert Delivery.objects.filter(person=str(buyer.pk)).exists()
    assert Delivery.objects.count() <= 4


def test_only_an_event_with_more_than_a_page_of_recipients_is_bulk(fake_means, monkeypatch):
    monkeypatch.setattr(planner, "PAGE_RECIPIENTS", 4)
    make_subscribers(3, "open.1")
    with transaction.atomic():
        for user in range(10):
            subscribe(1000 + user, "open.2")
    drain()
    publish_now("open.1", Posted(), Posted())
    publish_now("open.2")
    publish_now("open.1")
    plan_all()
    many = Event.objects.get(topic="open.2", type=Posted.type).position
    of_campaign = Delivery.objects.filter(position=many)
    assert set(of_campaign.values_list("lane", flat=True)) == {1}
    assert of_campaign.count() == 10
    assert not Delivery.objects.exclude(position=many).filter(lane=1).exists()
    assert Delivery.objects.exclude(position=many).count() == 9


def test_a_type_says_itself_whether_it_is_bulk(fake_means, monkeypatch):
    monkeypatch.setattr(planner, "PAGE_RECIPIENTS", 2)
    (ana, _, _) = make_subscribers(3, "open.1")
    publish_now(f"user.{ana.pk}", Newsletter(), Posted())
    publish_now("open.1", Alert())
    plan_all()
    assert lanes() == {Newsletter.type: 1}


# Claims


def test_two_workers_share_a_campaign_and_each_email_is_sent_once(fake_means):
    make_subscribers(BATCH_SIZE * 4, "open.1")
    publish_now("open.1")
    plan_all()
    both_have_begun = threading.Barrier(2, timeout=PATIENCE)

    def work(name):
        sender = sender_of(present(name))
        assert sender.send_due() > 0
        both_have_begun.wait()
        while sender.send_due():
            pass

    in_threads(lambda: work("one"), lambda: work("two"))
    assert Counter(fake_means.sent) == Counter(Delivery.objects.values_list("reference", flat=True))
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}


def end_claims(seconds: float = 1) -> None:
    """Let all claims run out."""
    past = timezone.now() - datetime.timedelta(seconds=seconds)
    Delivery.objects.update(claimed_until=past)


def test_a_claimed_delivery_is_left_to_its_worker(fake_means, ana):
    publish_now(f"user.{ana.pk}")
    plan_all()
    assert len(claim("one", ["fake_means"], 5)) == 1
    assert claim("two", ["fake_means"], 5) == []


@pytest.mark.parametrize("seconds", [1, -86_400])
def test_a_claim_that_ran_out_or_is_from_a_clock_that_was_ahead_is_void(fake_means, ana, seconds):
    publish_now(f"user.{ana.pk}")
    plan_all()
    claim("one", ["fake_means"], 5)
    end_claims(seconds)
    assert sender_of(present("two")).send_due() == 1


def test_a_worker_does_not_hand_over_what_another_has_claimed_meanwhile(fake_means, monkeypatch):
    make_subscribers(2, "open.1")
    publish_now("open.1")
    plan_all()
    one, two = sender_of(present("one")), sender_of(present("two"))
    send = fake_means.send

    def be_held_up(self, composed):
        """While the first email is being handed over, the claim of the second runs out."""
        monkeypatch.setattr(fake_means, "send", send)
        end_claims()
        assert two.send_due() == 1
        send(self, composed)

    monkeypatch.setattr(fake_means, "send", be_held_up)
    one.send_due()
    assert sorted(fake_means.sent) == sorted(Delivery.objects.values_list("reference", flat=True))
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_a_released_claim_is_free_for_all(fake_means, ana):
    publish_now(f"user.{ana.pk}")
    plan_all()
    release("one", claim("one", ["fake_means"], 5))
    assert sender_of(present("two")).send_due() == 1


@pytest.mark.parametrize("is_alive", [True, False])
def test_an_email_in_flight_is_sent_again_only_if_its_worker_is_dead(fake_means, ana, is_alive):
    publish_now(f"user.{ana.pk}")
    plan_all()
    present("first")
    Delivery.objects.update(state="sending", attempts=1, claimed_by="first")
    if not is_alive:
        die("first")
    sender_of(present("second")).send_due()
    if is_alive:
        assert (only().state, fake_means.sent) == ("sending", [])
    else:
        assert (only().state, only().attempts, only().repeats) == ("sent", 2, 1)


def test_a_presence_stamped_by_a_clock_that_was_ahead_counts_as_dead(fake_means, ana):
    publish_now(f"user.{ana.pk}")
    plan_all()
    Delivery.objects.update(state="sending", attempts=1, claimed_by="ahead")
    ahead = timezone.now() + datetime.timedelta(days=40)
    WorkerProcess.objects.create(holder="ahead", until=ahead)
    assert sender_of(present("right")).send_due() == 1
    assert not WorkerProcess.objects.filter(holder="ahead").exists()


def test_a_worker_that_was_frozen_hands_nothing_over(fake_means, ana, monkeypatch):
    publish_now(f"user.{ana.pk}")
    plan_all()
    presence = present("frozen")
    sender = sender_of(presence)
    monkeypatch.setattr(presence, "_until", presence._until - SECONDS)
    assert sender.send_due() == 0
    assert fake_means.sent == []


def test_a_delivery_that_staff_try_again_meanwhile_is_handed_over_once(
    fake_means, ana, monkeypatch
):
    """Between claim and hand-over, "Try again now" starts its attempts afresh."""
    publish_now(f"user.{ana.pk}")
    plan_all()
    Delivery.objects.update(attempts=3)

    def open_while_staff_try_again(self):
        Delivery.objects.filter(attempts=3).update(attempts=0)

    monkeypatch.setattr(fake_means, "open", open_while_staff_try_again)
    sender = sender_of(present("here"))
    sender.send_due()
    assert fake_means.sent == []
    end_claims()
    sender.send_due()
    assert (only().state, only().attempts, only().repeats) == ("sent", 1, 0)
    assert len(fake_means.sent) == 1


@pytest.mark.postgres  # SQLite has one writer at a time
def test_rows_that_another_worker_is_claiming_are_passed_over(fake_means):
    make_subscribers(3, "open.1")
    publish_now("open.1")
    plan_all()
    is_locked, may_end = threading.Event(), threading.Event()

    def lock_first():
        with transaction.atomic():
            first = Delivery.objects.order_by("pk")[:1].select_for_update()
            assert len(first) == 1
            is_locked.set()
            may_end.wait(PATIENCE)

    def claim_the_rest():
        assert is_locked.wait(PATIENCE)
        try:
            assert len(claim("here", ["fake_means"], 5)) == 2
        finally:
            may_end.set()

    in_threads(lock_first, claim_the_rest)
