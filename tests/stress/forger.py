"""Somebody who reads and writes the site's Redis, and does not know its secret."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Self

from channels_redis.pubsub import RedisPubSubChannelLayer

from hub.broadcast.layer import BATCH, GROUP

FORGED = "forged"  # what its events tell
FAR = 1_000_000  # positions ahead of the log


class Forger:
    """An async context manager: in it, each batch on its way is answered with forged messages."""

    def __init__(self, redis_url: str) -> None:
        self._layer = RedisPubSubChannelLayer(hosts=[redis_url])
        self.sent = 0

    async def __aenter__(self) -> Self:
        channel = await self._layer.new_channel()
        await self._layer.group_add(GROUP, channel)
        self._task = asyncio.create_task(self._forge(channel))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await self._layer.flush()

    async def _forge(self, channel: str) -> None:
        while True:
            heard = await self._layer.receive(channel)
            if heard["type"] == BATCH and FORGED not in heard["content"]:
                for forgery in forgeries(heard):
                    await self._layer.group_send(GROUP, forgery)
                    self.sent += 1


def forgeries(heard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The next event, one far ahead, an ephemeral one, and another epoch; each as told by Redis."""
    content = json.loads(heard["content"])
    *_, (_, topic, type, tail, _) = content["rows"]
    tail = re.sub(r'"fact":"[^"]*"', f'"fact":"{FORGED}"', tail)
    tail = tail if FORGED in tail else tail.replace('"data":{', f'"data":{{"fact":"{FORGED}",', 1)
    for position in (content["last"] + 1, content["last"] + FAR):
        row = [position, topic, type, tail, len(tail.encode())]
        yield _changed(heard, {**content, "first": position, "last": position, "rows": [row]})
    origin = {"process": content["process"], "epoch": content["epoch"]}
    ephemerals = {**origin, "events": [[topic, type, "", tail]]}
    yield {**_changed(heard, ephemerals), "type": "hub.ephemerals"}
    yield {**_changed(heard, {**content, "epoch": FORGED}), "epoch": FORGED}


def _changed(heard: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    return {**heard, "sequence": heard["sequence"] + 1, "content": json.dumps(content)}
