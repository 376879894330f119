"""Another means besides email: runs the example of the docs as it stands there."""

import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from hub.deliveries.means import carried, load_means
from hub.models import Delivery
from orders.events import OrderReceived
from tests.hub.emails import Posted, deliver, publish_now, use_smtp
from tests.hub.fake_means import FakeMeans
from tests.hub.site import make_person

ROOT = Path(__file__).resolve().parents[3]
ORDER = OrderReceived(number="2026-000001", product=1, name="Mug", quantity=2, unit_price="14.50")


class Gateway:
    """A provider that knows one number."""

    def __init__(self) -> None:
        self.texts: list[dict[str, str]] = []

    def post(self, **text: str) -> Any:
        self.texts.append(text)
        status = 200 if text["to"] == "+351 1" else 422
        return SimpleNamespace(
            status_code=status, text="no such number", raise_for_status=lambda: None
        )


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Gateway:
    """The example of docs/mail.md, configured besides email."""
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/mail.md").read_text(), re.M | re.S)
    (example,) = [block for block in blocks if "class Sms" in block]
    made = Gateway()
    module = ModuleType("example_of_the_docs")
    vars(module)["gateway"] = made
    exec(example, vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    settings.HUB_MEANS = ["hub.deliveries.email.Email", f"{module.__name__}.Sms"]
    return made


def make_reachable(monkeypatch: pytest.MonkeyPatch, phone: str) -> Any:
    person = make_person("ana")
    profile = SimpleNamespace(phone=phone)
    monkeypatch.setattr(type(person), "profile", profile)
    return person


@pytest.mark.django_db(transaction=True)
def test_the_example_sends_what_it_carries_besides_the_email(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = make_reachable(monkeypatch, "+351 1")
    publish_now(f"user.{ana.pk}", ORDER, Posted())
    assert deliver().sent == 3
    assert len(mail.outbox) == 2
    (text,) = gateway.texts
    delivery = Delivery.objects.get(means="sms")
    assert (text["text"], text["id"]) == (ORDER.title(), delivery.reference)


@pytest.mark.django_db(transaction=True)
def test_a_text_that_the_provider_refuses_is_given_up(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = make_reachable(monkeypatch, "+351 2")
    publish_now(f"user.{ana.pk}", ORDER)
    deliver()
    delivery = Delivery.objects.get(means="sms")
    assert (delivery.state, delivery.error) == ("failed", "no such number")
    assert len(mail.outbox) == 1


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
    settings.ROOT_URLCONF = "frontend.urls"
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


def test_a_type_of_several_classes_is_emailed_only_if_all_of_them_say_so() -> None:
    """`account.deleted` has two classes: the user's is emailed, the one for staff is not."""
    ways = carried(load_means())
    assert "order.received" in ways
    assert "account.deleted" not in ways
