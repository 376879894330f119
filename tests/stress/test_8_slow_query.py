"""Scenario 8: a slow query elsewhere in the process does not slow delivery."""

import asyncio
import time

from tests.stress import table
from tests.stress.client import Client
from tests.stress.ledger import check_clients, due
from tests.stress.percentile import percentile
from tests.stress.scale import QUICK, TRIES, scaled
from tests.stress.swarm import reached, swarm
from tests.stress.system import System

SLOW = 2.0  # seconds of one query, through the ORM, in a view
ROUNDS = scaled(1, 5)
RATE = 25  # events a second
CLIENTS = 50
ADDED = 0.05  # seconds, to the 99th percentile
STALLED = 1.0  # seconds: half of what a stall by the query would be
TOPIC = "open.q"


async def test_a_slow_query_elsewhere_does_not_slow_delivery(system: System) -> None:
    head = await system.settled()
    clients = [Client(system.servers[0].ws_url, [TOPIC]) for _ in range(CLIENTS)]
    without, with_it = [], []
    async with swarm(clients):
        for number in range(ROUNDS):
            if not QUICK:  # only compared with
                without += await round_of(system, f"s8-{number}-without", clients, slow=False)
            for turn in range(TRIES):
                seen = await round_of(system, f"s8-{number}{turn}-with", clients, slow=True)
                if max(seen) < STALLED:
                    break
            with_it += seen
        await system.settled()
        check_clients(clients, system.base.read(head))
    after = percentile(with_it, 99)
    table.show("8", "p99 with a query of 2 s", table.seconds(after), "50 ms more")
    table.show("8", "slowest with a query of 2 s", table.seconds(max(with_it)), "1 s")
    assert max(with_it) < STALLED
    if not QUICK:
        before = percentile(without, 99)
        table.show("8", "p99 of delivery without", table.seconds(before))
        assert after - before <= ADDED


async def round_of(system: System, name: str, clients: list[Client], *, slow: bool) -> list[float]:
    """The latencies of two seconds of events, written by the other server."""
    known = {one: len(one.handed) for one in clients}
    position = (await system.control(0, "report"))["position"]
    begun = time.monotonic()
    query = asyncio.create_task(system.control(0, "query", seconds=SLOW)) if slow else None
    await system.load(1, int(RATE * SLOW), RATE, prefix=name, topics=[TOPIC], several=0.0)
    assert not await system.written(1, name, 20)
    if query is not None:
        await query
        assert time.monotonic() - begun >= SLOW
    await system.settled()
    ledger = system.base.read(position)
    count = len(due(ledger, [TOPIC], position))
    await reached(clients, lambda one: len(one.handed) >= known[one] + count, 10)
    return [event.latency for one in clients for event in one.handed[known[one] :]]
