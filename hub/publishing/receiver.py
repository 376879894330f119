"""Like Django's `receiver`, for code that publishes.

It covers a whole family of models, never breaks the code that it listens to, and is recorded for a
system check.
"""

import functools
import inspect
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from django.apps import apps
from django.db import router, transaction
from django.db.models import Model
from django.db.models.signals import (
    ModelSignal,
    class_prepared,
    post_delete,
    post_save,
    pre_delete,
    pre_save,
)
from django.db.models.utils import make_model_tuple
from django.dispatch import Signal

from hub.models import Event
from hub.publishing import failures
from hub.publishing.atomic import is_atomic

F = TypeVar("F", bound=Callable[..., Any])

logger = logging.getLogger("hub.receiver")

# Django sends these outside any transaction, where there is none; the others inside one.
SAVES = (pre_save, post_save)

# (model or "app.Model", dotted name of a receiver of SAVES); read by the system checks.
registered: list[tuple[type[Model] | str, str]] = []


class _Connection(NamedTuple):
    signal: ModelSignal
    sender: type[Model]
    function: Callable[..., Any]
    uid: str
    is_last: bool


_connections: list[_Connection] = []


def listeners() -> dict[type[Model], set[str]]:
    """Each model with a receiver of this module, and the dotted names of its receivers."""
    found: dict[type[Model], set[str]] = {}
    for one in _connections:
        found.setdefault(one.sender, set()).add(_name_of(one.function))
    return found


def receiver(
    signal: Signal | Iterable[Signal],
    *,
    sender: Any = None,
    dispatch_uid: str,
    last: bool = False,
) -> Callable[[F], F]:
    """Connect a receiver that publishes.

    It works like `django.dispatch.receiver`, with these differences. `dispatch_uid` is required:
    with it a project can turn the receiver off, by `signal.disconnect(sender=…, dispatch_uid=…)`.
    Proxies and children of the sender are connected as well, because Django sends their signals
    with a sender of their own. With `last`, it is called after all others connected by this
    function.

    Where the sender is an AtomicSave, or was made atomic by `hub.atomic`, the receiver is a part of
    the change: what it raises is passed on and rolls the change back. Everywhere else it runs in an
    `atomic()` of its own and breaks nothing: what it raises rolls back what it did itself, and is
    logged, counted and shown by `hub_doctor`. Where `hub.testing` is imported, it is passed on.

    Raises TypeError for an async function, which could not publish.
    """
    signals = [signal] if isinstance(signal, Signal) else list(signal)

    def connect(function: F) -> F:
        if inspect.iscoroutinefunction(function):
            raise TypeError(f"{_name_of(function)}: a receiver that publishes is no async function")
        guarded = _guard(function)
        for one in signals:
            one.connect(guarded, sender=sender, weak=False, dispatch_uid=dispatch_uid)
            if isinstance(one, ModelSignal) and sender is not None:
                if one in SAVES:
                    registered.append((sender, _name_of(function)))
                _connect_family(one, sender, guarded, dispatch_uid, last)
                if not last:
                    _move_to_the_end(one)
        return function

    return connect


def _guard(function: Callable[..., Any]) -> Callable[..., Any]:
    """The receiver as it is connected: a part of an atomic change, harmless in any other."""

    @functools.wraps(function)
    def guarded(sender: Any = None, **kwargs: Any) -> Any:
        if isinstance(sender, type) and is_atomic(sender):
            return function(sender=sender, **kwargs)
        try:
            with transaction.atomic(using=router.db_for_write(Event)):
                return function(sender=sender, **kwargs)
        except Exception as error:
            if failures.passed_on:
                raise
            name = _name_of(function)
            logger.exception("%s raised, and what it did is rolled back", name)
            failures.record(name, error)

    return guarded


def _name_of(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def _connect_family(
    signal: ModelSignal, sender: Any, function: Callable[..., Any], uid: str, is_last: bool
) -> None:
    def connect(model: type[Model]) -> None:
        connection = _Connection(signal, model, function, uid, is_last)
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
    signal, sender, function, uid, _ = connection
    is_proxy = heir._meta.concrete_model is sender._meta.concrete_model
    # A deleted child of another table also deletes its parent, which Django announces.
    if is_proxy or signal not in (pre_delete, post_delete):
        signal.connect(function, sender=heir, weak=False, dispatch_uid=uid)


def _move_to_the_end(signal: ModelSignal) -> None:
    """Connect anew those that are to be last, except for those that were turned off."""
    for one in _connections:
        if one.is_last and one.signal is signal:
            for model in (one.sender, *_heirs(one.sender)):
                if signal.disconnect(sender=model, dispatch_uid=one.uid):
                    signal.connect(one.function, sender=model, weak=False, dispatch_uid=one.uid)


def _connect_new_model(sender: type[Model], **kwargs: Any) -> None:
    for connection in _connections:
        if issubclass(sender, connection.sender) and sender is not connection.sender:
            _connect_heir(connection, sender)


class_prepared.connect(_connect_new_model, dispatch_uid="hub.connect_new_model")
