"""The address of the site in emails: from HUB, from SITE_URL or from django.contrib.sites."""

from types import SimpleNamespace

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from hub.deliveries.site import site_name, site_url


def ids() -> set[str | None]:
    return {one.id for one in run_checks(tags=["hub"])}


def test_the_hubs_own_setting_comes_first(settings):
    settings.HUB = {"SITE_URL": "https://hub.example/"}
    settings.SITE_URL = "https://site.example"
    assert site_url() == "https://hub.example"
    assert "hub.E003" not in ids()


def test_then_comes_site_url(settings):
    settings.SITE_URL = "https://site.example/"
    assert site_url() == "https://site.example"


def test_emails_call_the_site_by_its_name_else_by_its_host(settings):
    settings.HUB = {"SITE_URL": "https://hub.example/shop"}
    assert site_name() == "hub.example"
    settings.HUB = {"SITE_URL": "https://hub.example/shop", "SITE_NAME": "Hub & Co"}
    assert site_name() == "Hub & Co"


def test_without_any_address_a_check_and_the_email_say_what_to_set(settings):
    del settings.SITE_URL
    assert "hub.E013" in ids()
    with pytest.raises(ImproperlyConfigured, match="SITE_URL"):
        site_url()


@pytest.fixture
def sites(monkeypatch):
    """`django.contrib.sites` as if it were installed, with a current site."""
    import sys

    current = SimpleNamespace(domain="sites.example")
    manager = SimpleNamespace(get_current=lambda: current)
    module = SimpleNamespace(Site=SimpleNamespace(objects=manager))
    monkeypatch.setitem(sys.modules, "django.contrib.sites.models", module)
    monkeypatch.setattr("django.apps.apps.is_installed", lambda name: True)


def test_the_current_site_is_the_last_resort(settings, sites):
    del settings.SITE_URL
    assert site_url() == "https://sites.example"
    assert "hub.E013" not in ids()
