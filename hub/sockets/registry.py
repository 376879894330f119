"""The sockets of one process: how many connections a user has, and their heartbeat."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from hub.concurrency.warn_once import WarnOnce
from hub.identity.authentication import Identity
from hub.limits import Limits
from hub.sockets import close_codes
from hub.sockets.close_codes import CloseCode
from hub.sockets.driver import Driver

logger = logging.getLogger("hub")

# Connections served before other tasks get a turn: halves the stall at thousands of sockets.
YIELD_EVERY = 200
HEARTBEAT_INTERVAL = 1.0  # seconds between two looks at which client owes a pong

End = Callable[[CloseCode], None]  # ends a socket


class ConnectionRegistry:
    """The welcomed connections, and the sockets whose handshake is pending.

    Bounded in all, per address, per user, and for visitors, who are not signed in. A visitor or a
    user's connection that owes a pong gives way to a new one.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._max_visitors = int(limits.sockets * limits.visitor_share)
        self._all: dict[Driver, None] = {}
        self._of_user: dict[Any, list[Driver]] = {}
        self._visitors = 0
        self._pending: dict[End, None] = {}
        self._addresses: dict[str, int] = {}
        self._silent_visitors: deque[Driver] = deque()  # the oldest first, while sockets are short
        self._once = WarnOnce(logger)

    def __len__(self) -> int:
        return len(self._all)

    @property
    def is_empty(self) -> bool:
        """Whether no socket is open, welcomed or not."""
        return not self._all and not self._pending

    @property
    def unacknowledged(self) -> int:
        """Bytes that were sent to all clients together and are not acknowledged."""
        return sum(one.unacknowledged for one in self._all)

    def open(self, end: End, address: str | None) -> bool:
        """Register a socket whose handshake is pending; `end` closes it. False: there is no room.

        Each that was opened, with room or not, is `leave`d. `address` None: it has no limit.
        """
        if address is not None:
            self._addresses[address] = self._addresses.get(address, 0) + 1
            if self._addresses[address] > self._limits.address_sockets:
                return self._refuse("ADDRESS_SOCKETS")
        if len(self._all) + len(self._pending) >= self._limits.sockets and not self._make_room():
            return self._refuse("SOCKETS")
        self._pending[end] = None
        return True

    def leave(self, end: End, address: str | None) -> None:
        """Forget a socket that was opened; once."""
        self._pending.pop(end, None)
        if address is not None:
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    def welcome(self, end: End, one: Driver) -> bool:
        """The handshake is done; False where the user, or all visitors, have too many."""
        if one.user is None:
            if self._visitors >= self._max_visitors and not self._make_room():
                return self._refuse("VISITOR_SHARE")
            self._visitors += 1
        elif not self._add_to_user(one, one.user):
            return False
        self._pending.pop(end, None)
        self._all[one] = None
        return True

    def _add_to_user(self, one: Driver, user: Identity) -> bool:
        others = self._of_user.setdefault(user.pk, [])
        if len(others) >= self._limits.connections:
            silent = next((other for other in others if other.owes_pong), None)
            if silent is None:
                return False
            self.remove(silent)
            silent.end(close_codes.SLOW)
            others = self._of_user.setdefault(user.pk, [])
        others.append(one)
        return True

    def _refuse(self, limit: str) -> bool:
        text = "sockets are refused: the limit HUB[%r] is reached; further clients are to come back"
        self._once.warn(limit, text, limit)
        return False

    def _make_room(self) -> bool:
        """Whether a silent visitor gave way."""
        while self._silent_visitors:
            one = self._silent_visitors.popleft()
            if one in self._all and one.owes_pong:
                self.remove(one)
                one.end(close_codes.LIMITS)
                return True
        return False

    def remove(self, one: Driver) -> None:
        """Forget a connection; harmless for one that is not registered."""
        if one not in self._all:
            return
        del self._all[one]
        if one.user is None:
            self._visitors -= 1
        else:
            others = self._of_user[one.user.pk]
            others.remove(one)
            if not others:
                del self._of_user[one.user.pk]

    def by_user(self) -> list[list[tuple[Identity, Driver]]]:
        """The connections of each user who is signed in."""
        return [
            [(one.user, one) for one in others if one.user is not None]
            for others in self._of_user.values()
        ]

    def visitors(self) -> list[Driver]:
        """The anonymous connections."""
        return [one for one in self._all if one.user is None]

    async def end_all(self, code: CloseCode) -> None:
        """Say goodbye to all clients, in turns."""
        ends = (*(one.end for one in self._all), *self._pending)
        for count, end in enumerate(ends, start=1):
            end(code)
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)

    async def run_heartbeat(self) -> None:
        """A heartbeat once a second."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(HEARTBEAT_INTERVAL)
            await self.beat(loop.time())

    async def beat(self, now: float) -> None:
        """Ping, end clients that do not follow, keep within the process's bytes."""
        for count, one in enumerate(tuple(self._all), start=1):
            try:
                one.beat(now)
            except Exception as error:  # The others must not lose their heartbeat.
                one.fail(error)
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)
        self._shed()
        self._find_silent_visitors()

    def _find_silent_visitors(self) -> None:
        """Once a second and only while sockets are short, not for each socket that is opened."""
        is_full = len(self._all) + len(self._pending) >= self._limits.sockets
        is_short = is_full or self._visitors >= self._max_visitors
        self._silent_visitors = deque(
            one for one in self._all if is_short and one.user is None and one.owes_pong
        )

    def _shed(self) -> None:
        """Over the budget of unacknowledged bytes, the clients that owe the most go first."""
        unacknowledged = self.unacknowledged
        if unacknowledged <= self._limits.process_bytes:
            return
        for one in sorted(self._all, key=lambda one: one.unacknowledged, reverse=True):
            unacknowledged -= one.unacknowledged
            one.end(close_codes.SLOW)
            if unacknowledged <= self._limits.process_bytes:
                return
