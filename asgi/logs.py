"""Bounds what visitors can write into the log."""

import logging
import time

from hub.concurrency.token_bucket import TokenBucket

BURST = 10  # lines at once
PER_MINUTE = 10  # lines after that


class RefusedRequests(logging.Filter):
    """Keeps the lines short and few that Django writes about requests which it refuses.

    Anybody can send such requests, with a wrong Host or too many fields. So each is a warning of
    one line, without a traceback; beyond BURST and PER_MINUTE they are counted, and the next line
    tells the number.
    """

    def __init__(self) -> None:
        super().__init__()
        self._allowed = TokenBucket(PER_MINUTE / 60, BURST)
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("django.security."):
            return True
        if not self._allowed.take(1, time.monotonic()):
            self._left_out += 1
            return False
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = record.exc_text = None
        if self._left_out:
            record.msg = f"{record.getMessage()} (and {self._left_out:,} more refused requests)"
            record.args = None
            self._left_out = 0
        return True
