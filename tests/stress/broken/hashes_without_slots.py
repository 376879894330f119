"""Every password that is posted is hashed at once."""

import contextlib
from collections.abc import Iterator
from unittest.mock import patch

from hub.runtime.posts import Posts
from orders import passwords


@contextlib.contextmanager
def broken() -> Iterator[None]:
    unbounded = passwords.HashSlots(10_000, 0)
    with (
        patch.object(passwords, "slots", unbounded),
        patch.object(Posts, "_prefix_of", lambda self, scope: None),
    ):
        yield
