"""The fan-out: hands each event to the connections of this process that hear its topic."""

import asyncio
from collections.abc import Iterable
from typing import Any, Protocol

from hub.broadcast.ring import Entry

# Connections served before other tasks get a turn: halves the stall at thousands of sockets.
TURN = 200


class Receiving(Protocol):
    """One connection as the fan-out sees it. Neither call waits."""

    def deliver(self, entry: Entry, event: dict[str, Any]) -> None: ...
    def show(self, event: dict[str, Any], size: int) -> None: ...


class Fanout:
    """Who hears what, in this process. `decided`: every event up to it went to whom it concerns."""

    def __init__(self) -> None:
        self._hearing: dict[str, dict[Receiving, None]] = {}
        self.decided = 0

    def hear(self, one: Receiving, topics: Iterable[str]) -> None:
        for topic in topics:
            self._hearing.setdefault(topic, {})[one] = None

    def ignore(self, one: Receiving, topics: Iterable[str]) -> None:
        for topic in topics:
            hearing = self._hearing.get(topic, {})
            hearing.pop(one, None)
            if not hearing:
                self._hearing.pop(topic, None)

    async def deliver(self, entry: Entry) -> None:
        """Send a logged event; who cannot take it now falls behind and is caught up."""
        event = {"type": "websocket.send", "text": entry.text}
        # A copy: connections come and go while others take their turn. Who came meanwhile was
        # caught up past this entry, and skips it.
        for count, one in enumerate(tuple(self._hearing.get(entry.topic, ())), start=1):
            one.deliver(entry, event)
            if count % TURN == 0:
                await asyncio.sleep(0)
        self.decided = entry.position

    async def show(self, topic: str, text: str) -> None:
        """Send an ephemeral event; who cannot take it now does not get it."""
        event = {"type": "websocket.send", "text": text}
        size = len(text.encode())
        for count, one in enumerate(tuple(self._hearing.get(topic, ())), start=1):
            one.show(event, size)
            if count % TURN == 0:
                await asyncio.sleep(0)
