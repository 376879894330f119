"""Every delivery is personal, so an order's email waits behind a campaign."""

import contextlib
from collections.abc import Iterator
from unittest.mock import patch


@contextlib.contextmanager
def broken() -> Iterator[None]:
    with patch("hub.deliveries.recipients.is_bulk", lambda type, has_many_recipients: False):
        yield
