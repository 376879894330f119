"""A realtime notification hub for Django: every committed event reaches its users, in order.

    from hub import EventType, publish, receiver

Everything that a project needs to declare and publish events can be imported from here. Names are
loaded on first use: some need Django's models, and this module is imported before they exist.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub.events import EventType as EventType
    from hub.policy import Policy as Policy
    from hub.publishing.atomic import AtomicQuerySet as AtomicQuerySet
    from hub.publishing.atomic import AtomicSave as AtomicSave
    from hub.publishing.atomic import atomic as atomic
    from hub.publishing.publisher import apublish as apublish
    from hub.publishing.publisher import publish as publish
    from hub.publishing.publisher import publish_ephemeral as publish_ephemeral
    from hub.publishing.publisher import publish_many as publish_many
    from hub.publishing.receiver import receiver as receiver
    from hub.publishing.revocation import revoke as revoke
    from hub.publishing.revocation import revoke_many as revoke_many
    from hub.publishing.revocation import session_digest as session_digest
    from hub.publishing.subscription import close_topic as close_topic
    from hub.publishing.subscription import subscribe as subscribe
    from hub.publishing.subscription import subscribe_many as subscribe_many
    from hub.publishing.subscription import unsubscribe as unsubscribe
    from hub.publishing.subscription import unsubscribe_many as unsubscribe_many
    from hub.runtime.application import HubApplication as HubApplication
    from hub.runtime.routing import asgi_application as asgi_application
    from hub.sockets.consumer import HubConsumer as HubConsumer
    from hub.topics import person_topic as person_topic
    from hub.topics import topic as topic
    from hub.topics import user_topic as user_topic

_HOMES = {
    "AtomicQuerySet": "hub.publishing.atomic",
    "AtomicSave": "hub.publishing.atomic",
    "atomic": "hub.publishing.atomic",
    "EventType": "hub.events",
    "HubApplication": "hub.runtime.application",
    "asgi_application": "hub.runtime.routing",
    "HubConsumer": "hub.sockets.consumer",
    "Policy": "hub.policy",
    "apublish": "hub.publishing.publisher",
    "person_topic": "hub.topics",
    "publish": "hub.publishing.publisher",
    "publish_ephemeral": "hub.publishing.publisher",
    "publish_many": "hub.publishing.publisher",
    "receiver": "hub.publishing.receiver",
    "revoke": "hub.publishing.revocation",
    "revoke_many": "hub.publishing.revocation",
    "session_digest": "hub.publishing.revocation",
    "close_topic": "hub.publishing.subscription",
    "subscribe": "hub.publishing.subscription",
    "subscribe_many": "hub.publishing.subscription",
    "unsubscribe": "hub.publishing.subscription",
    "unsubscribe_many": "hub.publishing.subscription",
    "topic": "hub.topics",
    "user_topic": "hub.topics",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'hub' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
