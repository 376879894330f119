"""`hub.receiver`: Django's receiver, remembered, so that a check can name unsafe models."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.db.models import Model
from django.db.models.signals import ModelSignal
from django.dispatch import Signal

F = TypeVar("F", bound=Callable[..., Any])

# (model or "app.Model", dotted name of the receiver); read by hub.checks.
registered: list[tuple[type[Model] | str, str]] = []


def receiver(
    signal: Signal | Iterable[Signal], *, sender: Any = None, dispatch_uid: str
) -> Callable[[F], F]:
    """Connect a receiver that publishes.

    Like `django.dispatch.receiver`, with a `dispatch_uid` that is not optional: a project turns a
    receiver off with `signal.disconnect(sender=…, dispatch_uid=…)`. The sender of a model signal
    is remembered: its `save()` must be atomic, and `manage.py check` says where it is not.
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
