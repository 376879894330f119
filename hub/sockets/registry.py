"""The connections of one process: how many a person has, and their heartbeat."""

import asyncio
from collections.abc import Collection
from typing import Any, Protocol

from hub.broadcast.fanout import TURN
from hub.identity.authentication import Identity
from hub.sockets import close_codes
from hub.sockets.close_codes import CloseCode

BEAT = 1.0  # seconds between two looks at who owes an answer


class Rechecked(Protocol):
    """What a connection hears, as the re-check sees it."""

    def topics(self) -> set[str]: ...
    def lose(self, topics: Collection[str]) -> None: ...


class Connected(Protocol):
    """A welcomed connection's stream, as this register sees it. `unanswered` in bytes."""

    @property
    def person(self) -> Identity | None: ...
    @property
    def hearing(self) -> Rechecked: ...
    @property
    def owes(self) -> bool: ...
    @property
    def unanswered(self) -> int: ...
    def beat(self, now: float) -> None: ...
    def end(self, why: CloseCode) -> None: ...


class Visitor(Protocol):
    """A socket that is open and not welcomed yet."""

    def end(self, why: CloseCode) -> None: ...


class ConnectionRegistry:
    """Everybody who was welcomed and has not left; and, for a goodbye, who is on the way in."""

    def __init__(self, per_person: int, max_bytes: int) -> None:
        self._per_person = per_person
        self._max_bytes = max_bytes
        self._all: dict[Connected, None] = {}
        self._of_person: dict[Any, list[Connected]] = {}
        self._visitors: dict[Visitor, None] = {}

    @property
    def is_empty(self) -> bool:
        """Whether no socket is open, welcomed or not."""
        return not self._all and not self._visitors

    def visit(self, one: Visitor) -> None:
        """A socket was opened; `leave` when it is welcomed or gone."""
        self._visitors[one] = None

    def leave(self, one: Visitor) -> None:
        """Harmless for one that is not there."""
        self._visitors.pop(one, None)

    def __len__(self) -> int:
        return len(self._all)

    def add(self, one: Connected) -> bool:
        """Register; False where the person has too many. One that owes a pong gives way first."""
        if one.person is not None:
            others = self._of_person.setdefault(one.person.pk, [])
            if len(others) >= self._per_person:
                silent = next((other for other in others if other.owes), None)
                if silent is None:
                    return False
                self.remove(silent)
                silent.end(close_codes.SLOW)
                others = self._of_person.setdefault(one.person.pk, [])
            others.append(one)
        self._all[one] = None
        return True

    def remove(self, one: Connected) -> None:
        """Forget a connection; harmless for one that is not registered."""
        if one not in self._all:
            return
        del self._all[one]
        if one.person is not None:
            others = self._of_person[one.person.pk]
            others.remove(one)
            if not others:
                del self._of_person[one.person.pk]

    def of_people(self) -> list[tuple[Identity, Connected]]:
        """The connections of people who are signed in."""
        return [(one.person, one) for one in self._all if one.person is not None]

    async def end_all(self, why: CloseCode) -> None:
        """Say goodbye to everybody, in turns."""
        for count, one in enumerate((*self._all, *self._visitors), start=1):
            one.end(why)
            if count % TURN == 0:
                await asyncio.sleep(0)

    async def run_heartbeat(self) -> None:
        """Once a second: ping, end who does not answer, keep within the process's bytes."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(BEAT)
            for count, one in enumerate(tuple(self._all), start=1):
                one.beat(loop.time())
                if count % TURN == 0:
                    await asyncio.sleep(0)
            self._shed()

    def _shed(self) -> None:
        """Over the budget of unanswered bytes, those who owe the most go first."""
        unanswered = sum(one.unanswered for one in self._all)
        if unanswered <= self._max_bytes:
            return
        for one in sorted(self._all, key=lambda one: one.unanswered, reverse=True):
            unanswered -= one.unanswered
            one.end(close_codes.SLOW)
            if unanswered <= self._max_bytes:
                return
