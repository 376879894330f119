"""Receivers that a check looks at, and that are gone afterwards."""

from typing import Any

import pytest

from hub import receiver as hub_receiver
from hub.operations import sender_checks
from hub.publishing import receiver


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver, "registered", [])
    monkeypatch.setattr(sender_checks, "registered", receiver.registered)


def connect(signal: Any, sender: Any) -> None:
    """Connect a receiver that publishes, and disconnect it: the registry keeps it."""

    @hub_receiver(signal, sender=sender, dispatch_uid="test.tell")
    def tell(sender: Any, **kwargs: Any) -> None: ...

    signal.disconnect(sender=sender, dispatch_uid="test.tell")


def ids(messages):
    return [message.id for message in messages]
