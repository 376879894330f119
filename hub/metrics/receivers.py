"""Django's own announcements open and close the record of a request.

Both are sent outside the views' reach and know little: `request_started` has the scope only,
`request_finished` only its sender. A receiver of `request_started` that raises fails the request,
so these do nothing that can.
"""

from typing import Any

from django.core.signals import request_finished, request_started

from hub.metrics.record import SCOPE_KEY, Record, current_record


def open_record(scope: dict[str, Any] | None = None, **kwargs: Any) -> None:
    """Open the record that the wrapper put into the scope; without a wrapper there is none."""
    record: Record | None = (scope or {}).get(SCOPE_KEY)
    if record is not None:
        record.open()


def close_record(**kwargs: Any) -> None:
    """Close the record of the request that has just been answered or given up."""
    record = current_record.get()
    if record is not None:
        record.close()


def connect() -> None:
    """Listen to both signals; calling it again changes nothing."""
    request_started.connect(open_record, dispatch_uid="hub.metrics.open_record")
    request_finished.connect(close_record, dispatch_uid="hub.metrics.close_record")
