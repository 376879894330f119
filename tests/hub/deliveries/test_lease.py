"""The lease: one worker works at a time, and another takes over when it ends."""

import datetime
import time

import pytest
from django.utils import timezone

from hub.deliveries import lease as leases
from hub.deliveries.lease import Lease, LeaseLost
from hub.deliveries.means import load_means
from hub.deliveries.planner import plan
from hub.models import Delivery, Event, Log
from hub.models import Worker as Row
from hub.worker.worker import Worker
from tests.hub.emails import Graced, Posted, publish_now
from tests.hub.site import SitePolicy, make_person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def expire() -> None:
    """Let the lease run out, as if its holder had been killed."""
    Row.objects.update(until=timezone.now() - datetime.timedelta(seconds=1))


def test_a_second_worker_waits_until_the_first_releases_the_lease():
    first, second = Lease(), Lease()
    assert first.take() and first.is_held
    assert not second.take() and not second.is_held
    first.release()
    assert not first.is_held
    assert second.take()


def test_a_lease_is_renewed_by_its_holder():
    lease = Lease()
    lease.take()
    before = Row.objects.get().until
    assert lease.take()
    assert Row.objects.get().until >= before


def test_another_worker_takes_over_once_a_killed_workers_lease_has_run_out():
    killed, heir = Lease(), Lease()
    killed.take()
    until = Row.objects.get().until
    assert (until - timezone.now()).total_seconds() <= leases.SECONDS
    assert not heir.take()
    expire()
    assert heir.take()
    assert not killed.take()


def test_a_worker_knows_by_its_own_clock_that_its_lease_has_run_out(monkeypatch):
    lease = Lease()
    lease.take()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + leases.SECONDS + 1)
    assert not lease.is_held


def test_a_worker_that_lost_the_lease_writes_nothing():
    ana = make_person("ana")
    frozen, heir = Lease(), Lease()
    frozen.take()
    publish_now(f"user.{ana.pk}", Posted())
    expire()
    heir.take()
    with pytest.raises(LeaseLost):
        plan(frozen, load_means())
    assert not frozen.is_held
    assert not Delivery.objects.exists()


def test_a_run_beside_a_working_worker_does_nothing():
    other = Lease()
    other.take()
    assert Worker(SitePolicy()).run_once() is None


def test_the_worker_numbers_what_no_server_did(monkeypatch):
    worker = Worker(SitePolicy())
    worker.lease.take()
    publish_now("open.1")
    worker.work()
    assert Event.objects.get().position is None, "a server goes first"
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 2)
    worker.work()
    assert Event.objects.get().position == 1


def test_the_worker_prunes_once_an_hour(settings):
    settings.HUB = {"RETENTION_DAYS": 1}
    publish_now("open.1")
    old = timezone.now() - datetime.timedelta(days=2)
    Event.objects.update(at=old)
    worker = Worker(SitePolicy())
    worker.run_once()
    assert Log.objects.get().horizon == 1
    publish_now("open.1")
    Event.objects.update(at=old)
    worker.run_once()
    assert Log.objects.get().horizon == 1
    earlier = timezone.now() - datetime.timedelta(hours=2)
    Row.objects.update(pruned_at=earlier)
    Log.objects.update(horizon_at=earlier)
    worker.run_once()
    assert Log.objects.get().horizon == 2


def test_a_prune_that_fails_is_tried_again(monkeypatch, caplog):
    def fail(older_than):
        raise RuntimeError("not now")

    worker = Worker(SitePolicy())
    with monkeypatch.context() as patch:
        patch.setattr("hub.worker.worker.prune", fail)
        with pytest.raises(RuntimeError):
            worker.run_once()
    assert Row.objects.get().pruned_at is None
    Worker(SitePolicy()).run_once()
    assert Row.objects.get().pruned_at is not None


def test_a_prune_stamped_by_a_clock_that_was_ahead_counts_as_old(settings):
    settings.HUB = {"RETENTION_DAYS": 1}
    publish_now("open.1")
    Event.objects.update(at=timezone.now() - datetime.timedelta(days=2))
    Row.objects.create(pk=1, pruned_at=timezone.now() + datetime.timedelta(days=40))
    Worker(SitePolicy()).run_once()
    assert Log.objects.get().horizon == 1


@pytest.mark.parametrize("ahead", [datetime.timedelta(hours=2), datetime.timedelta(days=40)])
def test_a_lease_from_a_clock_that_was_ahead_counts_as_free(ahead):
    killed, heir = Lease(), Lease()
    killed.take()
    Row.objects.update(until=timezone.now() + ahead)
    assert heir.take()


def test_an_event_from_a_clock_that_was_ahead_is_emailed_now(mailoutbox):
    ana = make_person("ana")
    publish_now(f"user.{ana.pk}", Posted())
    Event.objects.update(at=timezone.now() + datetime.timedelta(days=40))
    Worker(SitePolicy()).run_once()
    assert len(mailoutbox) == 1


def test_a_delivery_due_at_a_time_from_a_clock_that_was_ahead_is_sent_now(mailoutbox):
    ana = make_person("ana")
    publish_now(f"user.{ana.pk}", Graced())
    worker = Worker(SitePolicy())
    worker.run_once()
    Delivery.objects.update(due_at=timezone.now() + datetime.timedelta(days=40))
    worker.run_once()
    worker.run_once()
    assert len(mailoutbox) == 1
