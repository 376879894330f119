"""The fan-out: hands events to the connections of this process that subscribe to their topics."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from time import monotonic
from typing import Protocol

from hub.broadcast.ring import Entry
from hub.broadcast.run import Run, runs_of

# Seconds until other tasks get a turn: without it, thousands of sockets would stall them.
YIELD_AFTER = 0.005


class Receiver(Protocol):
    """One connection as the fan-out sees it. No call waits.

    `fail` ends the connection: it is told what another call raised, and raises nothing.
    """

    def deliver(self, run: Run) -> None: ...
    def show(self, run: Run) -> None: ...
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

    async def deliver(self, entries: Sequence[Entry]) -> None:
        """Send logged events, one stretch. A connection that cannot take them now catches up."""
        await self._hand_out(entries, lambda one, run: one.deliver(run))
        self.decided = entries[-1].position

    async def show(self, entries: Sequence[Entry]) -> None:
        """Send ephemeral events. Connections that cannot take them now miss them."""
        await self._hand_out(entries, lambda one, run: one.show(run))

    async def _hand_out(
        self, entries: Sequence[Entry], hand: Callable[[Receiver, Run], None]
    ) -> None:
        # Connections come and go while others take their turn. One that came meanwhile was caught
        # up past these entries, and skips them.
        turns = _Turns()
        for one, share in (await self._shares(entries, turns)).items():
            try:
                for run in share.runs:
                    hand(one, run)
            except Exception as error:  # The others must not lose these events.
                one.fail(error)
            if turns.is_over:
                await turns.give()

    async def _shares(self, entries: Sequence[Entry], turns: "_Turns") -> "dict[Receiver, _Share]":
        """The share of each connection that is due any of the entries."""
        by_topic: dict[str, list[Entry]] = {}
        for entry in entries:
            by_topic.setdefault(entry.topic, []).append(entry)
        shares: dict[Receiver, _Share] = {}
        for topic, due in by_topic.items():
            receivers = self._receivers.get(topic, {})
            alone = _Share(due)
            if not shares:
                shares = dict.fromkeys(receivers, alone)
                continue
            for one in tuple(receivers):
                shares[one] = shares[one].plus(topic, due) if one in shares else alone
                if turns.is_over:
                    await turns.give()
        return shares


class _Share:
    """What is due to all connections that subscribe to the same of the topics at hand."""

    def __init__(self, entries: list[Entry], smaller: "_Share | None" = None) -> None:
        self._entries = entries
        self._smaller = smaller
        self._larger: dict[str, _Share] = {}

    def plus(self, topic: str, entries: list[Entry]) -> "_Share":
        """The share of those that subscribe to one more topic."""
        if topic not in self._larger:
            self._larger[topic] = _Share(entries, self)
        return self._larger[topic]

    @cached_property
    def runs(self) -> list[Run]:
        if self._smaller is None:
            return runs_of(self._entries)
        entries: list[Entry] = []
        share: _Share | None = self
        while share is not None:
            entries += share._entries
            share = share._smaller
        return runs_of(sorted(entries, key=lambda entry: entry.position))


class _Turns:
    """Says when it is time to let other tasks run."""

    def __init__(self) -> None:
        self._until = monotonic() + YIELD_AFTER

    @property
    def is_over(self) -> bool:
        return monotonic() >= self._until

    async def give(self) -> None:
        await asyncio.sleep(0)
        self._until = monotonic() + YIELD_AFTER
