"""The bounded queues at both ends of the channel layer. What does not fit is dropped."""

from collections import deque

from hub.broadcast.layer import Batch, Ephemeral

MAX_BYTES = 16 * 1024 * 1024  # of the frames that wait in one queue of batches
MAX_EPHEMERALS = 1_000  # events that wait in one queue of ephemeral events


class BatchQueue:
    """Keeps the newest batches that fit into `max_bytes`. The oldest are dropped: they are hints,
    and a follower that misses one reads the log."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._batches: deque[Batch] = deque()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._batches)

    def append(self, batch: Batch) -> bool:
        """Add a batch; False where one had to be dropped for it."""
        self._batches.append(batch)
        self.bytes += batch.size
        has_room = self.bytes <= self._max_bytes
        while self.bytes > self._max_bytes:
            self.popleft()
        return has_room

    def popleft(self) -> Batch:
        """The oldest; raises IndexError where there is none."""
        batch = self._batches.popleft()
        self.bytes -= batch.size
        return batch


class EphemeralQueue:
    """Keeps the latest event of each topic, type and key; beyond the bound the oldest are dropped.

    A replaced event gives up its place: the order is that of the latest events.
    """

    def __init__(self) -> None:
        self._events: dict[tuple[str, str, str], Ephemeral] = {}

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: Ephemeral) -> None:
        place = (event.topic, event.type, event.key)
        self._events.pop(place, None)
        self._events[place] = event
        if len(self._events) > MAX_EPHEMERALS:
            del self._events[next(iter(self._events))]

    def take_all(self) -> list[Ephemeral]:
        """Everything that waits; the queue is empty afterwards."""
        events, self._events = list(self._events.values()), {}
        return events
