"""A connection is sent what it missed, and only a moment later receives what is new."""

import asyncio
import contextlib
from collections.abc import Iterator
from unittest.mock import patch

from hub.sockets.driver import Driver

MOMENT = 0.03  # seconds


async def catch_up(driver: Driver) -> None:
    connection, follower = driver.connection, driver._follower
    while connection.cursor < follower.position and not driver._sender.closed:
        await driver._catch_up_page()
    await asyncio.sleep(MOMENT)
    connection.reached(follower.position)
    connection.live = True


@contextlib.contextmanager
def broken() -> Iterator[None]:
    with patch.object(Driver, "_catch_up", catch_up):
        yield
