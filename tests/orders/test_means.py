"""The example of another means in docs/mail.md, with the shop's events."""

import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.core import mail

from hub.deliveries.means import carried, load_means
from hub.models import Delivery
from orders.events import OrderReceived
from tests.hub.emails import Posted, deliver, publish_now
from tests.hub.site import make_person

ROOT = Path(__file__).resolve().parents[2]
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
    # The shop's policy asks for confirmed addresses, which is not what this is about.
    settings.HUB = {**settings.HUB, "POLICY": "tests.hub.site.SitePolicy"}
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


def test_a_type_of_several_classes_is_emailed_only_if_all_of_them_say_so() -> None:
    """`account.deleted` has two classes: the user's is emailed, the one for staff is not."""
    ways = carried(load_means())
    assert "order.received" in ways
    assert "account.deleted" not in ways
