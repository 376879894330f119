"""The id of a request in the server's log: the one that its response carries as `X-Request-ID`."""

import logging

from hub.metrics.record import current_record


class RequestId(logging.Filter):
    """Gives each line `of_request`: the id in brackets, or nothing outside of requests.

    For a formatter such as `"{levelname} {name}: {message}{of_request}"`.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        current = current_record.get()
        record.request_id = current.id if current is not None else ""
        record.of_request = f" [request {current.id}]" if current is not None else ""
        return True
