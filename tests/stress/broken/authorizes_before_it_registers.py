"""A connection is checked, begins a moment later, and never looks back at what was revoked."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import msgspec

from hub.sockets import handshake
from hub.sockets.handshake import Greeting

MOMENT = 0.1  # seconds


async def greet(frame: Any, headers: Any, runtime: Any) -> Greeting:
    checked = await handshake.greet(frame, headers, runtime)
    await asyncio.sleep(MOMENT)
    noted = runtime.follower.position
    checked.connection.cursor = max(checked.connection.cursor, noted)
    checked.connection.pages = dict.fromkeys(checked.connection.pages, noted)
    return msgspec.structs.replace(checked, noted=noted, head=noted)


@contextlib.contextmanager
def broken() -> Iterator[None]:
    with patch("hub.sockets.consumer.greet", greet):
        yield
