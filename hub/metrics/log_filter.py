"""The id of a request in the server's log: the one that its response carries as `X-Request-ID`."""

import logging

from hub.metrics.record import current_id


class RequestId(logging.Filter):
    """Gives each line `of_request`: the id in brackets, or nothing outside of requests.

    For a formatter such as `"{levelname} {name}: {message}{of_request}"`.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        id = current_id()
        record.request_id = id or ""
        record.of_request = f" [request {id}]" if id else ""
        return True
