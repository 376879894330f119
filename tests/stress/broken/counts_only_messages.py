"""Nothing is counted below the messages."""

import contextlib
from collections.abc import Iterator
from unittest.mock import patch

from hub.sockets import wire


@contextlib.contextmanager
def broken() -> Iterator[None]:
    with patch.object(wire, "watch", lambda *ignored: True):
        yield
