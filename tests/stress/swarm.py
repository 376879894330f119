"""Many clients at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack

from tests.rig.wait import PATIENCE, async_wait_until
from tests.stress.client import Client
from tests.stress.scale import scaled

CONNECTING = 50  # connects at the same time: a rush is a scenario of its own


@contextlib.asynccontextmanager
async def swarm(clients: Iterable[Client]) -> AsyncIterator[list[Client]]:
    """The clients, connected and welcomed; they leave at the end of the block."""
    made = list(clients)
    async with AsyncExitStack() as leaving:
        for begin in range(0, len(made), CONNECTING):
            some = made[begin : begin + CONNECTING]
            await asyncio.gather(*(leaving.enter_async_context(one) for one in some))
            await welcomed(some)
        yield made


async def welcomed(clients: Sequence[Client], within: float = 30.0) -> None:
    async with asyncio.timeout(within):
        for one in clients:
            await one.welcomed.wait()


async def reached(clients: Sequence[Client], has: Callable[[Client], bool], within: float) -> None:
    """Wait until every client has come so far; AssertionError after `within` seconds.

    In small the wait promises nothing: where lateness matters, the scenario judges it by the
    clients' own times.
    """
    within = scaled(max(within, PATIENCE), within)

    def missing() -> list[Client]:
        return [one for one in clients if not has(one)]

    await async_wait_until(
        lambda: not missing(),
        within,
        lambda: f"{len(missing())} of {len(clients)} clients are not there yet",
    )
