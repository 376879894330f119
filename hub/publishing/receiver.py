"""Like Django's `receiver`, but for a whole family of models, and recorded for a system check."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from django.apps import apps
from django.db.models import Model
from django.db.models.signals import ModelSignal, class_prepared, post_delete, pre_delete
from django.db.models.utils import make_model_tuple
from django.dispatch import Signal

F = TypeVar("F", bound=Callable[..., Any])

# (model or "app.Model", dotted name of the receiver); read by the system checks.
registered: list[tuple[type[Model] | str, str]] = []


class _Connection(NamedTuple):
    signal: ModelSignal
    sender: type[Model]
    function: Callable[..., Any]
    uid: str


_connections: list[_Connection] = []


def receiver(
    signal: Signal | Iterable[Signal], *, sender: Any = None, dispatch_uid: str
) -> Callable[[F], F]:
    """Connect a receiver that publishes.

    It works like `django.dispatch.receiver`, with three differences. `dispatch_uid` is required:
    with it a project can turn the receiver off, by `signal.disconnect(sender=…, dispatch_uid=…)`.
    Proxies and children of the sender are connected as well, because Django sends their signals
    with a sender of their own. The sender of a model signal is recorded, because its `save()` must
    be atomic; `manage.py check` reports it if not.
    """
    signals = [signal] if isinstance(signal, Signal) else list(signal)

    def connect(function: F) -> F:
        for one in signals:
            one.connect(function, sender=sender, dispatch_uid=dispatch_uid)
            if isinstance(one, ModelSignal) and sender is not None:
                registered.append((sender, f"{function.__module__}.{function.__qualname__}"))
                _connect_family(one, sender, function, dispatch_uid)
        return function

    return connect


def _connect_family(signal: ModelSignal, sender: Any, function: F, uid: str) -> None:
    def connect(model: type[Model]) -> None:
        connection = _Connection(signal, model, function, uid)
        _connections.append(connection)
        for heir in _heirs(model):
            _connect_heir(connection, heir)

    apps.lazy_model_operation(connect, make_model_tuple(sender))


def _heirs(model: type[Model]) -> Iterator[type[Model]]:
    """The models that are defined so far and inherit from this one."""
    for heir in model.__subclasses__():
        yield heir
        yield from _heirs(heir)


def _connect_heir(connection: _Connection, heir: type[Model]) -> None:
    signal, sender, function, uid = connection
    is_proxy = heir._meta.concrete_model is sender._meta.concrete_model
    # A deleted child of another table also deletes its parent, which Django announces.
    if is_proxy or signal not in (pre_delete, post_delete):
        signal.connect(function, sender=heir, dispatch_uid=uid)


def _connect_new_model(sender: type[Model], **kwargs: Any) -> None:
    for connection in _connections:
        if issubclass(sender, connection.sender) and sender is not connection.sender:
            _connect_heir(connection, sender)


class_prepared.connect(_connect_new_model, dispatch_uid="hub.connect_new_model")
