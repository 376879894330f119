"""What the log leaves out."""

import logging


class NoSecurityTracebacks(logging.Filter):
    """Drops the traceback of a request that Django refuses, such as one with a wrong Host.

    Anybody can send such requests; one line names the reason.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        return True
