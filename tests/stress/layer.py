"""The Redis layer with a bad network between it and this process."""

import random
from collections import deque
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer

from tests.stress import faults


class UnreliableLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """Drops, duplicates and reorders what is received, as `faults.present` says."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._again: deque[Any] = deque()
        self._held: deque[Any] = deque()  # overtaken: given out after the next one
        self._random = random.Random(faults.present.seed)

    async def receive(self, channel: str) -> Any:
        while True:
            if self._again:
                return self._again.popleft()
            received = await self._get_layer().receive(channel)
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
