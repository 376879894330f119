"""Caps the handshakes in progress in one process."""

import logging

logger = logging.getLogger("hub")

# Handshakes of one process. A deploy brings a thousand sockets within seconds. A client that is
# turned away is back before a longer queue would have reached it.
MAX_HANDSHAKES = 1_000


class HandshakeLimit:
    """Each `acquire` that returns True needs a `release`."""

    def __init__(self) -> None:
        self._running = 0
        self._warned = False

    def acquire(self) -> bool:
        """Whether one more may begin. The first refusal is logged, until none is in progress."""
        if self._running >= MAX_HANDSHAKES:
            if not self._warned:
                logger.warning(
                    "%d handshakes are in progress: further clients are told to come back",
                    self._running,
                )
            self._warned = True
            return False
        self._running += 1
        return True

    def release(self) -> None:
        self._running -= 1
        if not self._running:
            self._warned = False
