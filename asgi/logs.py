"""Bounds what visitors can write into the log."""

import logging
import time

from hub.concurrency.token_bucket import TokenBucket

BURST = 10  # lines at once
PER_MINUTE = 10  # lines after that


# Django, and Daphne, which logs the traceback of headers that it cannot decode.
REFUSING = ("django.security.", "daphne.http_protocol", "daphne.ws_protocol")


class RefusedRequests(logging.Filter):
    """Keeps the lines short and few that are written about requests which are refused.

    Anybody can send such requests, with a wrong Host, too many fields or an odd header. So each is
    a warning of one line, without a traceback; beyond BURST and PER_MINUTE they are counted, and
    the next line tells the number.
    """

    def __init__(self) -> None:
        super().__init__()
        self._allowed = TokenBucket(PER_MINUTE / 60, BURST)
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(REFUSING):
            return True
        if not self._allowed.take(1, time.monotonic()):
            self._left_out += 1
            return False
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = record.exc_text = None
        record.msg = record.getMessage().rstrip().rpartition("\n")[2]
        record.args = None
        if self._left_out:
            record.msg += f" (and {self._left_out:,} more refused requests)"
            self._left_out = 0
        return True
