"""Messages of the layer are used without a look at their signature."""

import contextlib
from collections.abc import Iterator
from unittest.mock import patch

from hub.broadcast.signing import Verifier


@contextlib.contextmanager
def broken() -> Iterator[None]:
    with (
        patch.object(Verifier, "_is_signed", lambda *_: True),
        patch.object(Verifier, "_is_old", lambda *_: False),
    ):
        yield
