"""Scenario 4: a layer that drops, duplicates and reorders costs time and nothing else."""

import asyncio
import time

from tests.rig.wait import PATIENCE
from tests.stress import table
from tests.stress.client import Client
from tests.stress.ledger import check_clients, check_log, due
from tests.stress.percentile import percentile
from tests.stress.scale import scaled
from tests.stress.swarm import reached, swarm
from tests.stress.system import System

CLIENTS = scaled(20, 200)  # at each server
SECONDS = scaled(2, 30)
RATE = scaled(40, 60)  # transactions a second, at each server, where the machine can write them
TRIAL = scaled(40, 180)  # transactions of each server that show how many it can write
AT_ONCE = 10_000.0  # transactions a second: more than any machine writes
CONVERGED = 5.0  # seconds from the last insert to the last client's last event
TOPICS = [f"open.l{number}" for number in range(5)]


async def test_all_clients_converge_without_reconnecting(system: System) -> None:
    head = await system.settled()
    clients = [
        Client(server.ws_url, TOPICS[: 1 + number % len(TOPICS)])
        for server in system.servers
        for number in range(CLIENTS)
    ]
    async with swarm(clients):
        rate = min(RATE, 0.5 * await capacity(system))
        await system.faults(drop=0.1, duplicate=0.1, reorder=0.1)
        for index in (0, 1):
            await system.load(index, int(SECONDS * rate), rate, prefix=f"s4-{index}", topics=TOPICS)
        await asyncio.sleep(SECONDS)
        # A load pauses between its transactions, and at half of what it can it writes for half as
        # long as it pauses.
        for index in (0, 1):
            assert not await system.written(index, f"s4-{index}", SECONDS)
        await system.settled()
        ledger = system.base.read(head)
        everything = {one: len(due(ledger, one.topics, head)) for one in clients}
        await reached(clients, lambda one: len(one.handed) >= everything[one], 4 * CONVERGED)
        check_log(ledger, head, "s4")
        check_clients(clients, ledger)
        assert all(one.connects == 1 for one in clients), "nobody reconnected"
    events = [event for one in clients for event in one.handed]
    # By the clients' own times: looking for the end takes time, too. A commit follows its insert.
    last = max(event.at - event.latency for event in events)
    converged = max(event.at for event in events) - last
    p99 = percentile([event.latency for event in events], 99)
    table.show("4", "transactions a second, of each server", rate, f"{RATE}")
    table.show("4", "events handed on, layer dropping 10 %", len(events), "all, in order")
    table.show("4", "converged after the last insert", table.seconds(converged), "5 s")
    table.show("4", "p99 of delivery", table.seconds(p99))
    assert converged <= CONVERGED, f"the last client was there after {converged:.2f} s"


async def capacity(system: System) -> float:
    """Transactions a second that each server can write while the clients hear of all of them."""
    begun = time.monotonic()
    for index in (0, 1):
        await system.load(index, TRIAL, AT_ONCE, prefix=f"s4-trial-{index}", topics=TOPICS)
    for index in (0, 1):
        assert not await system.written(index, f"s4-trial-{index}", PATIENCE)
    await system.settled(PATIENCE)
    return TRIAL / (time.monotonic() - begun)
