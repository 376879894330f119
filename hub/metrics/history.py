"""The samples of the last minutes, of all processes, so that a dashboard opens full.

Every process hears the samples of all others anyway. It keeps them as they came, and hands them to
a page that opens: no process has to ask another one.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

SPAN = 310.0  # seconds: what the charts show, and what the first percentile there looks back at
MAX_BYTES = 8 * 1024 * 1024  # the oldest go first


class Entry(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def size(self) -> int: ...


class Shown(Protocol):
    @property
    def entries(self) -> Sequence[Entry]: ...


class History:
    """A receiver of the fan-out, which subscribes it to the topic of the samples."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: deque[tuple[float, Entry]] = deque()
        self._bytes = 0

    def show(self, run: Shown) -> None:
        """Keep the samples."""
        now = self._clock()
        for entry in run.entries:
            self._kept.append((now, entry))
            self._bytes += entry.size
        while self._kept and (self._kept[0][0] < now - SPAN or self._bytes > MAX_BYTES):
            self._bytes -= self._kept.popleft()[1].size

    def deliver(self, run: object) -> None:
        """Nothing is logged on this topic."""

    def fail(self, error: Exception) -> None:
        """There is no connection to end."""

    def text(self) -> str:
        """As JSON, the oldest first: how many milliseconds ago each came, and its frame."""
        now = self._clock()
        recent = [(now - at, entry) for at, entry in self._kept if now - at <= SPAN]
        return f"[{','.join(f'[{ago * 1000:.0f},{entry.text}]' for ago, entry in recent)}]"
