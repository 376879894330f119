"""The page of preferences, quiet hours and mutes."""

import datetime
import re

import pytest
from django.test import Client

from hub.inbox.digests import digests_of
from hub.inbox.preferences import preferences_of
from hub.inbox.quiet_hours import QuietHours, quiet_hours_of
from tests.frontend.inbox import receive
from tests.numbering import drain
from tests.orders.shop import product, text, user

pytestmark = pytest.mark.django_db(transaction=True)


def test_preferences_are_saved_and_shown(ana, ana_client):
    page = ana_client.get("/inbox/preferences/").content.decode()
    boxes = re.findall(r'type="checkbox" name="([^"]+)" checked', page)
    assert "order.received:email" in boxes
    assert "order.placed:inbox" not in boxes  # for staff
    kept = {name: "on" for name in boxes if name != "order.received:inbox"}
    answer = ana_client.post("/inbox/preferences/", kept, follow=True)
    assert "Your preferences were saved." in text(answer)
    again = re.findall(r'name="([^"]+)" checked', answer.content.decode())
    assert set(again) == set(kept)
    receive(ana, 1)
    assert "Teapot" not in text(ana_client.get("/inbox/"))


def test_staff_can_choose_the_event_types_for_staff():
    boss = Client()
    boss.force_login(user("boss", is_staff=True))
    assert "Customers' new orders" in text(boss.get("/inbox/preferences/"))


def test_a_product_is_muted_from_the_inbox_and_unmuted(ana, ana_client):
    teapot = product()
    teapot.watchers.add(ana)
    teapot.price = 20
    teapot.save()
    drain()
    page = ana_client.get("/inbox/")
    assert "Teapot is now €20.00" in text(page)
    assert "You follow Teapot. Kind: Price drops of products you watch." in text(page)
    topic = {"topic": f"product.{teapot.pk}", "type": ""}
    answer = ana_client.post("/inbox/mute", topic, follow=True)
    assert "Unmute Teapot" in text(answer)
    teapot.price = 10
    teapot.save()
    drain()
    page = text(ana_client.get("/inbox/"))
    assert "Teapot is now €20.00" in page and "Teapot is now €10.00" not in page
    ana_client.post("/inbox/mute", topic | {"on": "0"})
    assert "Teapot is now €10.00" in text(ana_client.get("/inbox/"))


def test_an_event_type_is_muted(ana, ana_client):
    answer = ana_client.post("/inbox/mute", {"type": "order.received"}, follow=True)
    assert "Unmute Your orders" in text(answer)
    receive(ana, 1)
    assert "Teapot" not in text(ana_client.get("/inbox/"))


@pytest.mark.parametrize("form", [{}, {"topic": "No topic"}, {"type": "rights.revoked"}])
def test_muting_something_that_cannot_be_muted_is_refused(ana_client, form):
    answer = ana_client.post("/inbox/mute", form, follow=True)
    assert "This cannot be muted." in text(answer)


def test_emails_of_a_kind_come_at_once_in_one_or_not_at_all(ana, ana_client):
    name = "product.price_dropped:email"
    for chosen, digest, wanted in [
        ("daily", "daily", True),
        ("off", "daily", False),
        ("now", "now", True),
    ]:
        page = ana_client.post("/inbox/preferences/", {name: chosen}, follow=True)
        assert re.search(f'value="{chosen}" selected', page.content.decode())
        assert preferences_of(ana.pk)["product.price_dropped"].email is wanted
        assert digests_of(ana.pk)["product.price_dropped"] == digest
    assert 'name="order.received:email"' in page.content.decode()
    assert "order.received" not in digests_of(ana.pk)


def test_quiet_hours_are_set_changed_and_ended(ana, ana_client):
    form = {"begins": "22:00", "ends": "06:30", "zone": " Europe/Berlin "}
    page = ana_client.post("/preferences/quiet-hours", form, follow=True)
    assert "Your quiet hours were saved." in text(page)
    assert quiet_hours_of(ana.pk) == QuietHours(
        datetime.time(22), datetime.time(6, 30), "Europe/Berlin"
    )
    assert 'value="06:30"' in page.content.decode()
    head = 'data-hub-quiet-hours="22:00 06:30 Europe/Berlin account.deleted account.updated'
    assert head in page.content.decode()
    page = ana_client.post("/preferences/quiet-hours", {"on": "0"}, follow=True)
    assert "You have no quiet hours any more." in text(page)
    assert quiet_hours_of(ana.pk) is None


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"begins": "25:00", "ends": "06:00", "zone": "UTC"},
        {"begins": "22:00", "ends": "22:00", "zone": "UTC"},
        {"begins": "22:00Z", "ends": "06:00+01:00", "zone": "UTC"},
        {"begins": "22:00", "ends": "06:00", "zone": "Middle/Earth"},
        {"begins": "22:00", "ends": "06:00", "zone": "U\0TC"},
    ],
)
def test_odd_quiet_hours_are_refused_in_words(ana, ana_client, form):
    page = ana_client.post("/preferences/quiet-hours", form, follow=True)
    assert "Quiet hours need a beginning" in text(page)
    assert quiet_hours_of(ana.pk) is None
