"""Limits the requests per second of all shoppers together, until the time is up."""

import threading
import time

LAG = 1.0  # seconds of missed requests that are caught up after a server was slow
ROUNDING = 1e-6  # seconds; a sum of steps may end just before the time is up


class Over(Exception):
    """The time is up."""


class Pace:
    """Gives out the moments at which requests may start: `rate` per second, for `seconds`."""

    def __init__(self, rate: float, seconds: float) -> None:
        self._step = 1 / rate
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.began = time.monotonic()
        self.ends = self.began + seconds
        self._next = self.began

    def wait(self) -> None:
        """Return when the next request may start. Raises Over when the time is up."""
        with self._lock:
            now = time.monotonic()
            start = self._next = max(self._next, now - LAG)
            self._next += self._step
        if start >= self.ends - ROUNDING or self._stopped.wait(max(0.0, start - now)):
            raise Over

    def stop(self) -> None:
        """No further request starts."""
        self._stopped.set()

    def rest(self, seconds: float) -> None:
        """Wait, at most until the time is up."""
        if self._stopped.wait(max(0.0, min(seconds, self.ends - time.monotonic()))):
            raise Over

    @property
    def passed(self) -> float:
        """The share of the time that has passed, 0 to 1."""
        return min(1.0, (time.monotonic() - self.began) / (self.ends - self.began))
