"""The sockets of one process: how many connections a user has, and their heartbeat."""

import asyncio
from collections.abc import Callable
from typing import Any

from hub.broadcast.fanout import YIELD_EVERY
from hub.identity.authentication import Identity
from hub.sockets import close_codes
from hub.sockets.close_codes import CloseCode
from hub.sockets.driver import Driver

HEARTBEAT_INTERVAL = 1.0  # seconds between two looks at which client owes a pong

End = Callable[[CloseCode], None]  # ends a socket


class ConnectionRegistry:
    """The welcomed connections, and the sockets whose handshake is pending.

    `per_user` connections of one user are accepted. `max_bytes` bounds what all clients together
    have not acknowledged.
    """

    def __init__(self, per_user: int, max_bytes: int) -> None:
        self._per_user = per_user
        self._max_bytes = max_bytes
        self._all: dict[Driver, None] = {}
        self._of_user: dict[Any, list[Driver]] = {}
        self._pending: dict[End, None] = {}

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

    def add_pending(self, end: End) -> None:
        """A socket was opened; `end` closes it. Remove it when it is welcomed or gone."""
        self._pending[end] = None

    def remove_pending(self, end: End) -> None:
        """Harmless for a socket that is not there."""
        self._pending.pop(end, None)

    def add(self, one: Driver) -> bool:
        """Register a connection; False where the user has too many.

        A connection that owes a pong gives way first.
        """
        if one.user is not None:
            others = self._of_user.setdefault(one.user.pk, [])
            if len(others) >= self._per_user:
                silent = next((other for other in others if other.owes_pong), None)
                if silent is None:
                    return False
                self.remove(silent)
                silent.end(close_codes.SLOW)
                others = self._of_user.setdefault(one.user.pk, [])
            others.append(one)
        self._all[one] = None
        return True

    def remove(self, one: Driver) -> None:
        """Forget a connection; harmless for one that is not registered."""
        if one not in self._all:
            return
        del self._all[one]
        if one.user is not None:
            others = self._of_user[one.user.pk]
            others.remove(one)
            if not others:
                del self._of_user[one.user.pk]

    def of_users(self) -> list[tuple[Identity, Driver]]:
        """The connections of users who are signed in."""
        return [(one.user, one) for one in self._all if one.user is not None]

    async def end_all(self, code: CloseCode) -> None:
        """Say goodbye to all clients, in turns."""
        ends = (*(one.end for one in self._all), *self._pending)
        for count, end in enumerate(ends, start=1):
            end(code)
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)

    async def run_heartbeat(self) -> None:
        """Once a second: ping, end silent clients, keep within the process's bytes."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(HEARTBEAT_INTERVAL)
            for count, one in enumerate(tuple(self._all), start=1):
                try:
                    one.beat(loop.time())
                except Exception as error:  # The others must not lose their heartbeat.
                    one.fail(error)
                if count % YIELD_EVERY == 0:
                    await asyncio.sleep(0)
            self._shed()

    def _shed(self) -> None:
        """Over the budget of unacknowledged bytes, the clients that owe the most go first."""
        unacknowledged = self.unacknowledged
        if unacknowledged <= self._max_bytes:
            return
        for one in sorted(self._all, key=lambda one: one.unacknowledged, reverse=True):
            unacknowledged -= one.unacknowledged
            one.end(close_codes.SLOW)
            if unacknowledged <= self._max_bytes:
                return
