"""The follower takes every batch as it comes, whether or not it follows on."""

import contextlib
from collections.abc import Iterator
from unittest.mock import patch

from hub.broadcast.follower import Follower


async def take_hints(follower: Follower) -> None:
    while follower._hints:
        batch = follower._hints.popleft()
        if batch.epoch == follower.epoch and batch.last > follower.position:
            rows = [row for row in batch.rows if row.position > follower.position]
            await follower._advance(rows, batch.last)


@contextlib.contextmanager
def broken() -> Iterator[None]:
    with patch.object(Follower, "_take_hints", take_hints):
        yield
