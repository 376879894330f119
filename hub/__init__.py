"""A realtime notification hub: what is committed is told, in order, to whom it concerns.

    from hub import EventType, publish, receiver

Everything a project needs to declare and publish events is importable from here. Names are
loaded on first use, because some of them need Django's models and this module is imported
before the models exist.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub.events import EventType as EventType
    from hub.policy import Policy as Policy
    from hub.publishing import publish as publish
    from hub.publishing import publish_ephemeral as publish_ephemeral
    from hub.publishing import publish_many as publish_many
    from hub.receivers import receiver as receiver
    from hub.rights import revoke as revoke
    from hub.saving import AtomicQuerySet as AtomicQuerySet
    from hub.saving import AtomicSave as AtomicSave
    from hub.subscriptions import subscribe as subscribe
    from hub.subscriptions import unsubscribe as unsubscribe

_HOMES = {
    "AtomicQuerySet": "hub.saving",
    "AtomicSave": "hub.saving",
    "EventType": "hub.events",
    "Policy": "hub.policy",
    "publish": "hub.publishing",
    "publish_ephemeral": "hub.publishing",
    "publish_many": "hub.publishing",
    "receiver": "hub.receivers",
    "revoke": "hub.rights",
    "subscribe": "hub.subscriptions",
    "unsubscribe": "hub.subscriptions",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'hub' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
