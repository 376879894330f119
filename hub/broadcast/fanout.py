"""The fan-out: hands each event to the connections of this process that subscribe to its topic."""

import asyncio
from collections.abc import Iterable
from typing import Any, Protocol

from hub.broadcast.ring import Entry

# Connections served before other tasks get a turn: halves the stall at thousands of sockets.
YIELD_EVERY = 200


class Receiver(Protocol):
    """One connection as the fan-out sees it. No call waits.

    `fail` ends the connection: it is told what another call raised, and raises nothing.
    """

    def deliver(self, entry: Entry, event: dict[str, Any]) -> None: ...
    def show(self, event: dict[str, Any], size: int) -> None: ...
    def fail(self, error: Exception) -> None: ...


class Fanout:
    """Which connections of this process receive which topic.

    `decided`: every event up to this position went to all the connections it concerns.
    """

    def __init__(self) -> None:
        self._receivers: dict[str, dict[Receiver, None]] = {}
        self.decided = 0

    @property
    def topics(self) -> set[str]:
        """The topics that at least one connection receives."""
        return set(self._receivers)

    def subscribe(self, receiver: Receiver, topics: Iterable[str]) -> None:
        for topic in topics:
            self._receivers.setdefault(topic, {})[receiver] = None

    def unsubscribe(self, receiver: Receiver, topics: Iterable[str]) -> None:
        for topic in topics:
            receivers = self._receivers.get(topic, {})
            receivers.pop(receiver, None)
            if not receivers:
                self._receivers.pop(topic, None)

    async def deliver(self, entry: Entry) -> None:
        """Send a logged event. A connection that cannot take it now falls behind and catches up."""
        event = {"type": "websocket.send", "text": entry.text}
        # A copy: connections come and go while others take their turn. One that came meanwhile
        # was caught up past this entry, and skips it.
        for count, one in enumerate(tuple(self._receivers.get(entry.topic, ())), start=1):
            try:
                one.deliver(entry, event)
            except Exception as error:  # The others must not lose this event.
                one.fail(error)
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)
        self.decided = entry.position

    async def show(self, topic: str, text: str) -> None:
        """Send an ephemeral event. Connections that cannot take it now miss it."""
        event = {"type": "websocket.send", "text": text}
        size = len(text.encode())
        for count, one in enumerate(tuple(self._receivers.get(topic, ())), start=1):
            try:
                one.show(event, size)
            except Exception as error:
                one.fail(error)
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)
