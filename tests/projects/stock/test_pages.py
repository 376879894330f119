"""The hub's pages in the hub's own frame, for whatever user model is in use, and in German."""

import json
import re

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from hub.models import Delivery, Event, Subscription

TITLES = {"inbox": "Posteingang", "preferences": "Einstellungen für Benachrichtigungen"}


@pytest.mark.parametrize(("page", "title"), TITLES.items())
def test_the_pages_and_their_scripts_speak_the_browsers_language(client, ana, page, title):
    client.force_login(ana)
    english = client.get(f"/hub/{page}/")
    assert english.status_code == 200 and '<html lang="en' in english.content.decode()
    assert "hub-texts" not in english.content.decode()
    german = client.get(f"/hub/{page}/", headers={"Accept-Language": "de"}).content.decode()
    assert f"<h1>{title}</h1>" in german and '<html lang="de">' in german
    [texts] = re.findall(r'<script id="hub-texts" type="application/json">(.*?)</script>', german)
    assert json.loads(texts)["{count} more"]["forms"] == ["{count} weitere"]


def test_the_dashboard_is_for_staff(client, ana):
    client.force_login(ana)
    assert client.get("/hub/dashboard/").status_code == 403
    if hasattr(ana, "is_staff"):
        ana.is_staff = True
        ana.save()
        assert client.get("/hub/dashboard/").status_code == 200


@pytest.mark.skipif(not hasattr(get_user_model(), "is_staff"), reason="has no admin")
@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        (
            lambda now: Event(type="a.b", topic="a.b", at=now),
            ["Ereignisse", "Position", "Art", "Thema", "Zeitpunkt", "Zustellungen"],
        ),
        (
            lambda now: Delivery(type="a.b", person="7", due_at=now),
            ["Zustellungen", "Weg", "Zustand", "wartet", "Versuche", "fällig am", "Ereignis"],
        ),
        (
            lambda now: Subscription(person="7", topic="a.b", since=1),
            ["Abonnements", "Benutzer", "seit", "bis", "7 (gelöscht)"],
        ),
    ],
)
def test_the_admin_is_in_the_browsers_language(admin_client, row, wanted):
    made = row(timezone.now())
    made.save()
    page = f"/admin/hub/{made._meta.model_name}/"
    german = admin_client.get(page, headers={"Accept-Language": "de"}).content.decode()
    # Words alone: Django capitalizes column names.
    said = re.sub(r"<[^>]*>", " ", german).lower()
    assert [one for one in wanted if one.lower() not in said] == []
    assert wanted[0] not in admin_client.get(page).content.decode()
