"""The hub's pages in the hub's own frame, for whatever user model is in use, and in German."""

import json
import re

import pytest

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
    assert json.loads(texts)["{count} more"] == "{count} weitere"


def test_the_dashboard_is_for_staff(client, ana):
    client.force_login(ana)
    assert client.get("/hub/dashboard/").status_code == 403
    if hasattr(ana, "is_staff"):
        ana.is_staff = True
        ana.save()
        assert client.get("/hub/dashboard/").status_code == 200
