"""Hints with a bad network between them and this process."""

import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer

from hub.broadcast.notify import PostgresHints
from tests.stress import faults


class Trouble:
    """Drops, duplicates and reorders what is received, as `faults.present` says."""

    def __init__(self) -> None:
        self._again: deque[Any] = deque()
        self._held: deque[Any] = deque()  # overtaken: given out after the next one
        self._random = random.Random(faults.present.seed)

    async def receive(self, receive: Callable[[], Awaitable[Any]]) -> Any:
        while True:
            if self._again:
                return self._again.popleft()
            received = await receive()
            self._again.extend(self._held)
            self._held.clear()
            if self._random.random() < faults.present.drop:
                continue
            if self._random.random() < faults.present.duplicate:
                self._again.append(received)
            if self._random.random() < faults.present.reorder:
                self._held.append(received)
                continue
            return received


class UnreliableLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._trouble = Trouble()

    async def receive(self, channel: str) -> Any:
        return await self._trouble.receive(lambda: self._get_layer().receive(channel))


def make_notify_unreliable() -> None:
    """What PostgreSQL's NOTIFY brings to this process goes through the same trouble."""
    trouble, receive = Trouble(), PostgresHints.receive

    async def unreliable(hints: PostgresHints) -> Any:
        return await trouble.receive(lambda: receive(hints))

    PostgresHints.receive = unreliable  # type: ignore[method-assign]
