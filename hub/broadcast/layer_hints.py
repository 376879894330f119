"""Hints between processes through Channels' channel layer."""

from typing import Any

from channels.layers import BaseChannelLayer

from hub.broadcast.layer import GROUP, MAX_BYTES
from hub.broadcast.reconnecting import reconnect
from hub.log.numbering import Announce


class LayerHints:
    """Implements `hub.broadcast.hints.Hints`."""

    name = "the channel layer"
    limit = MAX_BYTES
    pause = 0.0
    announce: Announce | None = None

    def __init__(self, layer: BaseChannelLayer) -> None:
        self._layer = layer
        self._channel = ""

    async def join(self) -> None:
        self._channel = await self._layer.new_channel()
        await self._layer.group_add(GROUP, self._channel)

    async def receive(self) -> Any:
        return await self._layer.receive(self._channel)

    async def send(self, signed: dict[str, Any]) -> None:
        await self._layer.group_send(GROUP, signed)

    async def reconnect(self) -> None:
        """Keeps the membership: to leave and to join takes answers."""
        await reconnect(self._layer)

    async def leave(self) -> None:
        await self._layer.group_discard(GROUP, self._channel)
