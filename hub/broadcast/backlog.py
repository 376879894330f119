"""A queue of batches with a bound in bytes. What does not fit is dropped: batches are hints."""

from collections import deque

from hub.broadcast.layer import Batch

MAX_BYTES = 16 * 1024 * 1024  # of frames that wait


class Backlog:
    """Keeps the newest batches that fit into `max_bytes`; the oldest make room."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._batches: deque[tuple[Batch, int]] = deque()  # with its size
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._batches)

    def append(self, batch: Batch) -> None:
        size = batch.size
        self._batches.append((batch, size))
        self.bytes += size
        while self.bytes > self._max_bytes:
            self.popleft()

    def popleft(self) -> Batch:
        """The oldest; raises IndexError where there is none."""
        batch, size = self._batches.popleft()
        self.bytes -= size
        return batch
