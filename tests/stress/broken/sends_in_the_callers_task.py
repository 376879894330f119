"""A send is stepped in the task and the context of whoever pushes, the follower's most of all."""

import asyncio
import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from hub.sockets.stepping import Stepper, _finish


def step(self: Stepper, work: Any, context: contextvars.Context) -> asyncio.Task[None] | None:
    try:
        waits_for = work.send(None)
    except StopIteration:
        return None

    async def finish() -> None:
        await _finish(work, context, waits_for, None)

    return asyncio.get_running_loop().create_task(finish())


@contextlib.contextmanager
def broken() -> Iterator[None]:
    with patch.object(Stepper, "step", step):
        yield
