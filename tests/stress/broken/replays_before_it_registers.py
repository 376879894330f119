"""A connection is sent what it missed, and only a moment later hears what is new."""

import asyncio
import contextlib
from collections.abc import Iterator
from unittest.mock import patch

from hub.sockets.stream import Stream

MOMENT = 0.03  # seconds


async def reach_the_head(stream: Stream) -> None:
    connection, follower = stream._connection, stream._follower
    while connection.cursor < follower.position and not stream._socket.closed:
        await stream._catch_up_page()
    await asyncio.sleep(MOMENT)
    connection.cursor = max(connection.cursor, follower.position)
    connection.live = True


@contextlib.contextmanager
def broken() -> Iterator[None]:
    with patch.object(Stream, "_reach_the_head", reach_the_head):
        yield
