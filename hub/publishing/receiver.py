"""Like Django's `receiver`, but records the sender, so that a check can report unsafe models."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.db.models import Model
from django.db.models.signals import ModelSignal
from django.dispatch import Signal

F = TypeVar("F", bound=Callable[..., Any])

# (model or "app.Model", dotted name of the receiver); read by the system checks.
registered: list[tuple[type[Model] | str, str]] = []


def receiver(
    signal: Signal | Iterable[Signal], *, sender: Any = None, dispatch_uid: str
) -> Callable[[F], F]:
    """Connect a receiver that publishes.

    It works like `django.dispatch.receiver`, but `dispatch_uid` is required: with it a project can
    turn the receiver off, by `signal.disconnect(sender=…, dispatch_uid=…)`. The sender of a model
    signal is recorded, because its `save()` must be atomic; `manage.py check` reports it if not.
    """
    signals = [signal] if isinstance(signal, Signal) else list(signal)

    def connect(function: F) -> F:
        for one in signals:
            if isinstance(one, ModelSignal):
                one.connect(function, sender=sender, dispatch_uid=dispatch_uid)
                if sender is not None:
                    registered.append((sender, f"{function.__module__}.{function.__qualname__}"))
            else:
                one.connect(function, sender=sender, dispatch_uid=dispatch_uid)
        return function

    return connect
