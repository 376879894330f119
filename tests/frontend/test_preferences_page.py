"""The page of preferences and mutes."""

import re

import pytest
from django.test import Client

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
