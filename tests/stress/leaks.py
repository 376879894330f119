"""Whether a server is what it was, after everybody has left."""

import asyncio
from typing import NamedTuple

import psutil

from tests.rig.wait import async_wait_until
from tests.stress.client import Client
from tests.stress.swarm import swarm
from tests.stress.system import LOOK, System

MIB = 1024 * 1024
MEMORY = 16 * MIB  # beyond what the ring holds by design
DESCRIPTORS = 2  # the question itself is a connection
LENT = 2  # database connections: the question's, and the one that a readiness check asks for
SOON = 10.0  # seconds


class Line(NamedTuple):
    """One server's state with nobody connected."""

    tasks: int
    descriptors: int
    memory: int
    ring: int
    lent: int  # database connections that were taken from the pool
    keepers: int  # the hub's database threads, each with a connection beside the pool
    stray: int  # database connections beside the pool


async def warm(system: System, index: int, clients: int) -> None:
    """Let so many clients come and go: what a first crowd leaves behind (22 MiB for 1,000, and
    nothing more for the next ones) is the allocator's, and no leak."""
    url = system.servers[index].ws_url
    async with swarm([Client(url, ["open.warm"]) for _ in range(clients)]):
        await system.settled()


async def line_of(system: System, index: int) -> Line:
    report = await system.control(index, "report", tidy=True)
    process = psutil.Process(system.servers[index].serving_pid)
    # The pool grows as it is needed and shrinks after ten minutes: no descriptors to count. Who
    # does not give a connection back is seen in what is lent.
    database, pool = system.base.postgres.port, report["pool"]
    opened = -1
    while opened != process.num_fds():  # an idle thread closes its connection at any moment
        opened = process.num_fds()
        sockets = [
            one for one in process.net_connections() if one.raddr and one.raddr[1] == database
        ]
    return Line(
        tasks=sum(report["tasks"].values()),
        descriptors=opened - len(sockets),
        memory=process.memory_info().rss,
        ring=report["ring"],
        lent=pool["pool_size"] - pool["pool_available"],
        keepers=report["keepers"],
        stray=len(sockets) - pool["pool_size"],
    )


async def check(system: System, index: int, base: Line) -> Line:
    """Wait until the server is back at its base line; AssertionError names what is not."""
    seen = base

    async def is_back() -> bool:
        nonlocal seen
        await asyncio.sleep(LOOK)
        if (await system.control(index, "report"))["connections"]:
            return False
        seen = await line_of(system, index)
        return (
            seen.tasks <= base.tasks + 2
            and seen.descriptors <= base.descriptors + DESCRIPTORS
            and seen.memory - base.memory <= MEMORY + max(0, seen.ring - base.ring)
            and seen.lent <= LENT
            and seen.stray <= seen.keepers
        )

    await async_wait_until(is_back, SOON, lambda: f"back at {base}, is {seen}")
    return seen
