"""The relay sends what it numbers before the numbers are committed."""

import asyncio
import contextlib
from collections.abc import Iterator
from unittest.mock import patch

from django.db import transaction

from hub.broadcast.layer import batches
from hub.broadcast.relay import Relay
from hub.log.numbering import Drained, drain


async def drain_and_send(relay: Relay) -> None:
    loop = asyncio.get_running_loop()

    def work() -> Drained:
        with transaction.atomic():
            drained = drain()
            for batch in batches(relay._process, drained.epoch, drained.rows):
                sending = asyncio.run_coroutine_threadsafe(relay._send(batch), loop)
                sending.result()  # it has a limit of its own
        return drained

    while (await relay._database.run(work)).is_full:
        pass


@contextlib.contextmanager
def broken() -> Iterator[None]:
    with patch.object(Relay, "_drain", drain_and_send):
        yield
