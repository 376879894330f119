"""How long a client endures silence, before it gives a connection up and comes back."""

import asyncio
import math
import time
from collections.abc import Callable
from typing import NamedTuple


class Patience(NamedTuple):
    """Seconds without a frame, as browsers endure them (`hub/static/hub/link.js`)."""

    greeting: float = 35.0  # from connecting to the welcome
    pings: float = 1.5  # times the seconds between pings
    grace: float = 10.0  # beyond that
    parting: float = 3.0  # from a goodbye to the close


BROWSER = Patience()
ENDLESS = Patience(math.inf, math.inf, math.inf, math.inf)  # an application that hangs


class Silence:
    """Calls `give_up(seconds)` after more silence than is endured."""

    def __init__(self, give_up: Callable[[float], None]) -> None:
        self._give_up = give_up
        self._endured = math.inf
        self._since = 0.0  # monotonic
        self._timer: asyncio.TimerHandle | None = None

    def heard(self) -> None:
        self._since = time.monotonic()

    def endure(self, seconds: float) -> None:
        """From now on so much; what has passed since the last frame counts."""
        self._endured = seconds
        self._look()

    def rest(self) -> None:
        """Nobody is expected to speak."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self.rest()
        passed = time.monotonic() - self._since
        if passed >= self._endured:
            self._give_up(passed)
        elif self._endured < math.inf:
            later = asyncio.get_running_loop().call_later
            self._timer = later(self._endured - passed, self._look)
