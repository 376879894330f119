"""Channel layers that behave badly, each in one way."""

import asyncio
import random
from typing import Any

from channels.layers import InMemoryChannelLayer


class CountingLayer(InMemoryChannelLayer):
    """Remembers what was sent to groups."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.sent: list[dict[str, Any]] = []

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.sent.append(message)
        await super().group_send(group, message)


class TroubledLayer(InMemoryChannelLayer):
    """Drops some, sends some twice, and lets some be overtaken."""

    def __init__(self, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self._chance = random.Random(seed)
        self._late: set[asyncio.Task[None]] = set()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        fate = self._chance.random()
        if fate < 0.2:
            return
        if fate < 0.5:
            task = asyncio.create_task(self._send_late(group, message))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        if fate > 0.4:
            await super().group_send(group, message)

    async def _send_late(self, group: str, message: dict[str, Any]) -> None:
        for _ in range(self._chance.randrange(1, 400)):
            await asyncio.sleep(0)
        await super().group_send(group, message)


class DeadLayer(InMemoryChannelLayer):
    """Every call fails while `is_dead`."""

    is_dead = True

    def _check(self) -> None:
        if self.is_dead:
            raise ConnectionError("the layer is away")

    async def new_channel(self, prefix: str = "specific.") -> str:
        self._check()
        return str(await super().new_channel(prefix))

    async def group_add(self, group: str, channel: str) -> None:
        self._check()
        await super().group_add(group, channel)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self._check()
        await super().group_send(group, message)


class MutedLayer(InMemoryChannelLayer):
    """Loses what the process `muted` sends, and carries what others do."""

    muted = ""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if message["process"] != self.muted:
            await super().group_send(group, message)


class FrozenLayer(InMemoryChannelLayer):
    """Nothing that is sent ever returns."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await asyncio.Event().wait()
