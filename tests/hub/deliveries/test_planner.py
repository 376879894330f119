"""Which deliveries are made from the log: one per event and recipient."""

import pytest
from django.core import mail
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from hub import publish, subscribe, unsubscribe
from hub.deliveries import planner
from hub.deliveries.lease import Lease
from hub.deliveries.means import load_means
from hub.inbox.preferences import choose, mute
from hub.models import Delivery, Event, Subscription, Worker
from tests.hub.emails import (
    Graced,
    Posted,
    deliver,
    make_due,
    make_subscribers,
    publish_now,
    states,
)
from tests.hub.site import make_person, tell
from tests.numbering import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def plan_page() -> bool:
    lease = Lease()
    assert lease.take()
    more = planner.plan(lease, load_means())
    lease.release()
    return more


def recipients() -> list[str]:
    return sorted(to for one in mail.outbox for to in one.to)


def test_an_event_on_a_users_own_topic_is_emailed_to_them():
    ana = make_person("ana")
    make_person("ben")
    publish_now(f"user.{ana.pk}")
    done = deliver()
    assert (done.sent, done.waiting, done.skipped, done.failed) == (1, 0, 0, 0)
    assert recipients() == ["ana@example.com"]


def test_an_event_is_emailed_once():
    ana = make_person("ana")
    publish_now(f"user.{ana.pk}")
    deliver()
    deliver()
    assert len(mail.outbox) == 1


def test_a_rolled_back_event_is_not_emailed():
    ana = make_person("ana")
    with pytest.raises(LookupError), transaction.atomic():
        publish(Posted(), f"user.{ana.pk}")
        raise LookupError
    deliver()
    assert mail.outbox == []


def test_a_type_that_declares_no_mail_is_not_emailed():
    ana = make_person("ana")
    tell(f"user.{ana.pk}", "hello")
    deliver()
    assert mail.outbox == []
    assert not Delivery.objects.exists()


def test_users_who_were_subscribed_when_it_happened_get_the_email():
    early, late, left = (make_person(name) for name in ("early", "late", "left"))
    with transaction.atomic():
        subscribe(early.pk, "open.1")
        subscribe(left.pk, "open.1")
    with transaction.atomic():
        unsubscribe(left.pk, "open.1")
        publish(Posted(), "open.1")
        subscribe(late.pk, "open.1")
        unsubscribe(early.pk, "open.1")
    deliver()
    assert recipients() == ["early@example.com"]


def test_many_recipients_are_planned_in_pages_and_each_of_them_once(monkeypatch):
    monkeypatch.setattr(planner, "PAGE_RECIPIENTS", 3)
    monkeypatch.setattr(planner, "PAGE_EVENTS", 4)
    people = make_subscribers(8, "open.1")
    head = Worker.objects.create(pk=1)
    publish_now("open.1", Posted(text="one"), Posted(text="two"))
    publish_now(f"user.{people[0].pk}", Posted(text="three"))
    drain()
    first = Event.objects.filter(type=Posted.type).order_by("position").first().position
    while not Delivery.objects.exists():
        assert plan_page()
    head.refresh_from_db()
    shared = Delivery.objects.filter(position__lt=first + 2)
    assert shared.count() == 3
    assert (head.position, head.page > 0) == (first - 1, True)
    while plan_page():
        assert shared.count() % 8 in (0, 3, 6), "no page has recipients of two events"
    keys = set(Delivery.objects.values_list("position", "person"))
    everybody = {str(person.pk) for person in people}
    assert keys == {
        *((first, key) for key in everybody),
        *((first + 1, key) for key in everybody),
        (first + 2, str(people[0].pk)),
    }
    assert Delivery.objects.count() == len(keys)


def test_a_worker_that_dies_while_planning_leaves_no_half_page(monkeypatch):
    people = make_subscribers(3, "open.1")
    publish_now("open.1")
    drain()

    def die(self, **kwargs):
        raise KeyboardInterrupt

    lease = Lease()
    lease.take()
    with monkeypatch.context() as patch:
        patch.setattr(Worker, "save", die)
        with pytest.raises(KeyboardInterrupt):
            planner.plan(lease, load_means())
    lease.release()
    assert not Delivery.objects.exists()
    assert Worker.objects.get().position == 0
    deliver()
    assert states() == {str(person.pk): "sent" for person in people}


def test_ten_thousand_recipients_are_planned_in_pages_of_few_queries(
    django_assert_max_num_queries,
):
    model = type(make_person("somebody"))
    everybody = [model(username=f"p{n}", email=f"p{n}@example.com") for n in range(10_000)]
    QuerySet(model).bulk_create(everybody, batch_size=2_000)
    Subscription.objects.bulk_create(
        [Subscription(person=str(one.pk), topic="open.1", since=0) for one in everybody],
        batch_size=2_000,
    )
    publish_now("open.1", Graced())
    drain()
    pages = 1
    with django_assert_max_num_queries(40):  # SQLite inserts few rows per statement
        assert plan_page()
    assert Delivery.objects.count() == planner.PAGE_RECIPIENTS
    while plan_page():
        pages += 1
    assert 10_000 / planner.PAGE_RECIPIENTS <= pages <= 10_000 / planner.PAGE_RECIPIENTS + 1
    rows = Delivery.objects.values_list("person", flat=True)
    assert len(rows) == len(set(rows)) == 10_000


def test_users_who_do_not_want_the_email_get_none():
    ana, ben, eve = make_subscribers(3, "open.1")
    choose(ana.pk, {Posted.type: {"email": False}})
    mute(ben.pk, topic="open.1")
    publish_now("open.1")
    deliver()
    assert states() == {str(eve.pk): "sent"}


def test_a_delivery_waits_for_its_types_grace():
    ana = make_person("ana")
    before = timezone.now()
    publish_now(f"user.{ana.pk}", Graced())
    done = deliver()
    assert done.waiting == 1
    waits = Delivery.objects.get().due_at - before
    assert 599 < waits.total_seconds() < 660
    make_due()
    deliver()
    assert recipients() == ["ana@example.com"]


def test_events_from_before_the_first_worker_are_not_emailed():
    from importlib import import_module

    from django.apps import apps

    ana = make_person("ana")
    publish_now(f"user.{ana.pk}")
    drain()
    with connection.schema_editor() as editor:
        import_module("hub.migrations.0002_deliveries").begin_at_the_head(apps, editor)
        import_module("hub.migrations.0006_lanes_and_claims").plan_on_from_here(apps, editor)
    publish_now(f"user.{ana.pk}", Posted(text="new"))
    deliver()
    assert [one.subject for one in mail.outbox] == ["new"]
