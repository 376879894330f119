"""What processes tell each other so that events are prompt: chosen here, made in two ways.

A hint may be lost, late, doubled or forged. The follower reads the log, whatever becomes of hints.
"""

from importlib.util import find_spec
from typing import Any, Literal, Protocol

from channels.layers import get_channel_layer
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router

from hub.broadcast.layer_hints import LayerHints
from hub.broadcast.notify import PostgresHints
from hub.concurrency.threads import DatabaseThreads
from hub.limits import other_setting
from hub.log.numbering import Announce
from hub.models import Event

IN_MEMORY = "channels.layers.InMemoryChannelLayer"
Kind = Literal["layer", "postgres"]


class Hints(Protocol):
    """Carries signed messages between processes. Any method may raise anything.

    `limit`: bytes of events in one message. `pause`: seconds in which the relay collects what it
    sends. `announce`: tells others what a drain numbered, inside its transaction; without it the
    relay sends batches after the commit.
    """

    name: str
    limit: int
    pause: float

    @property
    def announce(self) -> Announce | None: ...
    async def join(self) -> None: ...
    async def receive(self) -> Any: ...
    async def send(self, signed: dict[str, Any]) -> None: ...
    async def reconnect(self) -> None: ...
    async def leave(self) -> None: ...


def chosen() -> Kind:
    """Which hints `settings.HUB` asks for. Raises ImproperlyConfigured where it cannot be had.

    Unset: the layer, unless it is the one in memory, which reaches no other process, and the
    database can do better.
    """
    given = other_setting("HINTS", "")
    if given == "layer" or (not given and _backend() != IN_MEMORY):
        return "layer"
    vendor = connections[router.db_for_write(Event)].vendor
    can_notify = vendor == "postgresql" and find_spec("psycopg") is not None
    if not given:
        return "postgres" if can_notify else "layer"
    if given != "postgres":
        raise ImproperlyConfigured(
            f"settings.HUB['HINTS'] must be 'layer' or 'postgres', not {given!r}"
        )
    if not can_notify:
        raise ImproperlyConfigured(
            "settings.HUB['HINTS'] is 'postgres', which needs PostgreSQL as the database and "
            f"psycopg 3 (the database is {vendor})"
        )
    return "postgres"


def make_hints(database: DatabaseThreads, process: str) -> Hints:
    """Those of one process; `database` is used where the database carries them."""
    if chosen() == "postgres":
        return PostgresHints(database, process)
    layer = get_channel_layer()
    if layer is None:
        raise ImproperlyConfigured(
            "CHANNEL_LAYERS has no 'default'; for one process, use "
            "{'default': {'BACKEND': 'channels.layers.InMemoryChannelLayer'}}"
        )
    return LayerHints(layer)


def _backend() -> str:
    layers: Any = getattr(settings, "CHANNEL_LAYERS", {})
    return str(layers.get("default", {}).get("BACKEND", ""))
