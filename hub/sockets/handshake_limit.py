"""Those who said hello and wait for an answer: as many as a process can serve in time."""

import logging

logger = logging.getLogger("hub")

# Hellos of one process. A deploy brings a thousand sockets within seconds; who is one too many
# comes back sooner than the end of a longer queue would be reached.
MAX_WAITING = 1_000


class HandshakeLimit:
    """Whoever was let in with `enter` must `leave`."""

    def __init__(self) -> None:
        self._waiting = 0
        self._told = False

    def enter(self) -> bool:
        """Take one more; False where it is full, which is logged once a crowd."""
        if self._waiting >= MAX_WAITING:
            if not self._told:
                logger.warning("%d hellos wait: further ones are to come back", self._waiting)
            self._told = True
            return False
        self._waiting += 1
        return True

    def leave(self) -> None:
        self._waiting -= 1
        if not self._waiting:
            self._told = False
