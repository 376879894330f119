"""A connection is checked, begins a moment later, and never looks back at what was revoked."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import msgspec

from hub.sockets import handshake
from hub.sockets.handshake import Handshake, perform

MOMENT = 0.1  # seconds


async def perform_and_forget(frame: Any, headers: Any, services: Any) -> Handshake:
    done = await perform(frame, headers, services)
    await asyncio.sleep(MOMENT)
    position = services.follower.position
    connection = done.connection
    connection.reached(position)
    requested = connection.subscriptions.requested_topics
    requested.update(dict.fromkeys(requested, position))
    return msgspec.structs.replace(done, checked_at=position, head=position)


@contextlib.contextmanager
def broken() -> Iterator[None]:
    with patch.object(handshake, "perform", perform_and_forget):
        yield
