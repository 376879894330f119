"""Whether a means of delivery can be used now."""

import logging
import time

from hub.deliveries.backoff import pause
from hub.deliveries.means import Means
from hub.models import Worker

logger = logging.getLogger("hub.deliveries")

FIRST_REOPEN = 1.0  # seconds until a means that failed to open is tried again; then doubled
LONGEST_REOPEN = 60.0  # seconds


class MeansState:
    """One means, and how its last attempts to open went. After a failure it rests."""

    def __init__(self, means: Means) -> None:
        self.means = means
        self._failures = 0  # in a row
        self._rests_until = 0.0  # monotonic seconds
        self._error_is_cleared = False  # in the worker's row

    @property
    def is_available(self) -> bool:
        """False while the means rests after a failure."""
        return time.monotonic() >= self._rests_until

    def open(self) -> None:
        """Open the means, and show in the worker's row why that fails. Raises what it raises."""
        try:
            self.means.open()
        except Exception as error:
            self._fail(error)
            raise
        if self._failures:
            logger.warning("sending by %s works again", self.means.name)
            self._failures, self._error_is_cleared = 0, False
        if not self._error_is_cleared:
            # The first time, too: the error may be that of an earlier worker.
            own_error = Worker.objects.filter(pk=1, error__startswith=f"{self.means.name}: ")
            own_error.update(error="")
            self._error_is_cleared = True

    def _fail(self, error: Exception) -> None:
        if not self._failures:
            text = text_of(error)
            logger.warning("cannot send by %s, trying again: %s", self.means.name, text)
            Worker.objects.filter(pk=1).update(error=f"{self.means.name}: {text}")
        self._failures += 1
        rest = pause(self._failures, FIRST_REOPEN, LONGEST_REOPEN)
        self._rests_until = time.monotonic() + rest.total_seconds()


def text_of(error: BaseException) -> str:
    """What to show of an error; never empty."""
    return str(error) or type(error).__name__
