"""Receivers of Django's request signals: they start and stop the clock of a request.

`request_started` is sent when the body has been read, `request_finished` when the response has
been sent and closed. A slow upload is therefore not a slow view. A receiver of `request_started`
that raises fails the request, so these do nothing that can.
"""

import time
from typing import Any

from django.core.signals import request_finished, request_started

from hub.metrics.record import current_record


def start_clock(**kwargs: Any) -> None:
    """Note when Django began to handle the request."""
    record = current_record.get()
    if record is not None:
        record.started_at = time.perf_counter()


def stop_clock(**kwargs: Any) -> None:
    """Note when Django was done with the request."""
    record = current_record.get()
    if record is not None:
        record.stopped_at = time.perf_counter()


def connect() -> None:
    """Connect to both signals; calling it again changes nothing."""
    request_started.connect(start_clock, dispatch_uid="hub.metrics.start_clock")
    request_finished.connect(stop_clock, dispatch_uid="hub.metrics.stop_clock")
