"""Another means besides email: runs the example of the docs as it stands there."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from hub.deliveries.means import load_means
from tests.hub.emails import use_smtp
from tests.hub.fake_means import FakeMeans


@pytest.mark.parametrize("path", ["shop.sms.Sms", "hub.deliveries.means.Letter", "email"])
def test_a_setting_that_names_no_means_is_refused_by_its_path(settings: Any, path: str) -> None:
    settings.HUB_MEANS = [path]
    with pytest.raises(ImproperlyConfigured, match=path):
        load_means()


class LongWinded(FakeMeans):
    name = "a-name-of-17-char"


class Nameless(FakeMeans):
    name = ""


@pytest.mark.parametrize("means", ["LongWinded", "Nameless"])
def test_a_name_that_a_delivery_cannot_hold_is_refused(settings: Any, means: str) -> None:
    settings.HUB_MEANS = [f"{__name__}.{means}"]
    with pytest.raises(ImproperlyConfigured, match="1 to 16 characters"):
        load_means()


class Unnamed(FakeMeans):
    name = ""


class LongNamed(FakeMeans):
    name = "seventeen letters"


@pytest.mark.parametrize("means", [Unnamed, LongNamed])
def test_a_means_whose_name_does_not_fit_its_column_is_refused(
    settings: Any, means: type[FakeMeans]
) -> None:
    settings.HUB_MEANS = [f"{__name__}.{means.__name__}"]
    with pytest.raises(ImproperlyConfigured, match="1 to 16 characters"):
        load_means()
    assert "hub.E010" in {one.id for one in run_checks(tags=["hub"])}


def test_two_means_of_one_name_are_refused(settings: Any) -> None:
    settings.HUB_MEANS = ["tests.hub.fake_means.FakeMeans"] * 2
    with pytest.raises(ImproperlyConfigured, match="same name"):
        load_means()


def test_checks_name_what_email_lacks(settings: Any) -> None:
    settings.HUB_MEANS = ["shop.sms.Sms"]
    use_smtp(settings, timeout=None)
    settings.ROOT_URLCONF = "django.contrib.auth.urls"  # without a page to unsubscribe
    found = {one.id for one in run_checks(tags=["hub"])}
    assert {"hub.E010", "hub.E011", "hub.W010"} <= found


@pytest.mark.parametrize(
    ("mailers", "named"),
    [
        ({"default": {}}, True),
        ({"default": {"OPTIONS": {"host": "mail"}}}, True),
        ({"default": {"OPTIONS": {"timeout": 10}}}, False),
        ({"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}, False),
        ({}, False),
    ],
)
def test_a_mailer_that_may_wait_for_ever_is_named(settings: Any, mailers: Any, named: bool) -> None:
    settings.MAILERS = mailers
    assert ("hub.W010" in {one.id for one in run_checks(tags=["hub"])}) == named
