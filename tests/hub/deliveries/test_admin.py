"""Deliveries in the admin: what staff see, and trying one again."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hub.deliveries import planner
from hub.deliveries.lease import Lease
from hub.deliveries.means import load_means
from hub.models import Delivery, Event, Worker
from tests.hub.emails import Posted, deliver, make_due, make_subscribers, publish_now
from tests.hub.site import client_of, make_person
from tests.numbering import drain

pytestmark = [pytest.mark.django_db(transaction=True)]

MODELS = (
    *("event", "subscription", "delivery", "worker", "preference", "mute"),
    *("quiethours", "emaildigest"),
)


@pytest.fixture
def admin():
    return client_of(make_person("admin", is_staff=True, is_superuser=True))


def list_of(model: str) -> str:
    return reverse(f"admin:hub_{model}_changelist")


def queries_of(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


@pytest.mark.parametrize("model", MODELS)
def test_a_longer_list_takes_no_more_queries(admin, model):
    make_subscribers(2, "open.1")
    publish_now("open.1")
    deliver()
    few = queries_of(admin, list_of(model))
    people = [make_person(f"more{number}") for number in range(12)]
    from django.db import transaction

    from hub import subscribe
    from hub.inbox.preferences import choose, mute

    with transaction.atomic():
        for person in people:
            subscribe(person.pk, "open.1")
    for person in people:
        choose(person.pk, {Posted.type: {"toast": False}})
        mute(person.pk, topic="open.9")
    publish_now("open.1", *[Posted(text=str(number)) for number in range(3)])
    deliver()
    assert queries_of(admin, list_of(model)) <= few + 2


@pytest.mark.parametrize("model", MODELS)
def test_nothing_can_be_added_or_deleted_in_the_admin(admin, model):
    make_subscribers(1, "open.1")
    publish_now("open.1")
    deliver()
    assert admin.get(reverse(f"admin:hub_{model}_add")).status_code == 403
    page = admin.get(list_of(model)).content.decode()
    assert "Delete selected" not in page


@pytest.mark.parametrize("model", MODELS)
def test_each_list_can_be_searched(admin, model):
    make_subscribers(1, "open.1")
    publish_now("open.1")
    deliver()
    for words in ("1", "open", "nothing' --"):
        assert admin.get(list_of(model), {"q": words}).status_code == 200


def test_each_delivery_and_event_has_a_page(admin):
    make_subscribers(1, "open.1")
    publish_now("open.1")
    deliver()
    for model in ("delivery", "event", "worker"):
        row = apps.get_model("hub", model).objects.first()
        page = admin.get(reverse(f"admin:hub_{model}_change", args=[row.pk]))
        assert page.status_code == 200
        assert 'name="_save"' not in page.content.decode()


def test_an_event_shows_how_many_of_its_emails_are_sent(admin, monkeypatch):
    monkeypatch.setattr(planner, "PAGE_RECIPIENTS", 3)
    make_subscribers(7, "open.1")
    publish_now("open.1")
    drain()
    lease = Lease()
    lease.take()
    while not Delivery.objects.exists():
        planner.plan(lease, load_means())
    lease.release()
    assert "0 of 3 sent, more being made" in admin.get(list_of("event")).content.decode()
    deliver()
    Delivery.objects.filter(pk=Delivery.objects.first().pk).update(state="failed")
    page = admin.get(list_of("event")).content.decode()
    assert "6 of 7 sent, 1 given up" in page


def test_a_delivery_shows_its_user_and_error_and_can_be_tried_again(admin, mailoutbox):
    (ana,) = make_subscribers(1, "open.1")
    publish_now("open.1")
    deliver()
    Delivery.objects.update(state="failed", error="550 no such mailbox", attempts=30, repeats=1)
    page = admin.get(list_of("delivery"), {"state__exact": "failed", "repeats": "1"})
    assert "550 no such mailbox" in page.content.decode()
    assert ana.username in page.content.decode()
    chosen = {"action": "try_again", "_selected_action": [Delivery.objects.get().pk]}
    answer = admin.post(list_of("delivery"), chosen, follow=True)
    assert "1 will be tried again" in answer.content.decode()
    deliver()
    assert Delivery.objects.get().state == "sent"
    assert len(mailoutbox) == 2


def test_a_sent_delivery_cannot_be_tried_again(admin, mailoutbox):
    make_subscribers(1, "open.1")
    publish_now("open.1")
    deliver()
    chosen = {"action": "try_again", "_selected_action": [Delivery.objects.get().pk]}
    admin.post(list_of("delivery"), chosen)
    make_due()
    deliver()
    assert len(mailoutbox) == 1


def test_staff_with_view_permission_only_cannot_try_again():
    viewer = make_person("viewer", is_staff=True)
    for name in ("view_delivery", "view_event"):
        viewer.user_permissions.add(Permission.objects.get(codename=name))
    make_subscribers(1, "open.1")
    publish_now("open.1")
    deliver()
    Delivery.objects.update(state="failed")
    client = client_of(viewer)
    assert "Try again" not in client.get(list_of("delivery")).content.decode()
    chosen = {"action": "try_again", "_selected_action": [Delivery.objects.get().pk]}
    client.post(list_of("delivery"), chosen)
    assert Delivery.objects.get().state == "failed"


def test_the_worker_shows_why_no_email_is_sent(admin):
    Worker.objects.create(pk=1, holder="here:1", error="email: connection refused")
    page = admin.get(list_of("worker")).content.decode()
    assert "here:1" in page and "email: connection refused" in page


def test_an_event_and_its_deliveries_lead_to_each_other_and_name_the_user(admin):
    ana = make_person("ana")
    publish_now(f"user.{ana.pk}", Posted(text="<b>Tea</b>"))
    deliver()
    delivery = Delivery.objects.get()
    events, deliveries = list_of("event"), list_of("delivery")
    page = admin.get(events).content.decode()
    assert f'<a href="{deliveries}?q={delivery.position}">1 of 1 sent</a>' in page
    assert f"ana (user.{ana.pk})" in page
    page = admin.get(deliveries).content.decode()
    assert f'<a href="{events}?q={delivery.position}">{delivery.position}</a>' in page
    detail = admin.get(reverse("admin:hub_delivery_change", args=[delivery.pk])).content.decode()
    assert '<div class="readonly">ana</div>' in detail
    ana.delete()
    detail = admin.get(reverse("admin:hub_delivery_change", args=[delivery.pk])).content.decode()
    assert f'<div class="readonly">{delivery.person} (deleted)</div>' in detail


@pytest.mark.parametrize("frame", [None, '"title":"<i>broken'])
def test_an_events_content_is_indented_and_escaped(admin, frame):
    ana = make_person("ana")
    publish_now(f"user.{ana.pk}", Posted(text="<b>Tea</b>"))
    event = Event.objects.get(type=Posted.type)
    if frame:
        Event.objects.filter(pk=event.pk).update(frame=frame)
    page = admin.get(reverse("admin:hub_event_change", args=[event.pk])).content.decode()
    assert ("&lt;i&gt;broken" if frame else "&lt;b&gt;Tea&lt;/b&gt;") in page
    assert "<b>Tea" not in page and "<i>broken" not in page
    if not frame:
        assert "\n  &quot;severity&quot;: &quot;info&quot;," in page
