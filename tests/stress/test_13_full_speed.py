"""Scenario 13: a visitor at full speed. Others' events come in time, and the memory stays."""

import asyncio
import json
from collections.abc import Iterator

import psutil
import pytest

from tests.stress import leaks, table
from tests.stress.client import Client
from tests.stress.full_speed import KINDS
from tests.stress.ledger import Violation, check_clients, due
from tests.stress.percentile import percentile
from tests.stress.scale import QUICK, TRIES, scaled
from tests.stress.swarm import reached, swarm
from tests.stress.system import Base, System, run_beside, system_on

# In small, two files share the machine, which this one takes all of.
pytestmark = pytest.mark.skipif(QUICK, reason="it floods the machine")

MIB = 1024 * 1024
SOFTWARE = scaled(["daphne"], ["daphne", "uvicorn", "gunicorn"])
SIZE = 100 * MIB  # of each kind, at most
SECONDS = scaled(1.5, 6.0)  # for each kind, at most
RATE = 25  # events per second
CLIENTS = 20
CROWD = 50  # connections at the start, until every thread and cache is there
ADDED = 0.25  # seconds to the 99th percentile of others' events
GROWTH = 16 * MIB
TOPIC = "open.s"


@pytest.fixture(params=SOFTWARE)
def system(request: pytest.FixtureRequest, base: Base) -> Iterator[System]:
    """A server for the clients, and a second one that publishes."""
    with system_on(base.sibling(), software=request.param, name="speed") as made:
        yield made


async def test_a_visitor_at_full_speed_delays_nobody(system: System) -> None:
    software = system.servers[0].software
    await leaks.warm(system, 0, CROWD)
    sent, added, grown = await at_full_speed(system)
    table.show("13", f"{software}: sent at full speed, in MiB", sent / MIB)
    table.show(
        "13", f"{software}: 99th percentile of others' events, later by", _ms(added), "250 ms"
    )
    table.show("13", f"{software}: memory grew by, in MiB", grown / MIB, "16")


async def test_a_build_that_counts_only_messages_is_caught(base: Base) -> None:
    build = "counts_only_messages"
    with system_on(base.sibling(), name="uncounted") as system:
        await system.faults(broken=build)
        with pytest.raises(Violation) as caught:
            await at_full_speed(system)
        table.show("broken", build, str(caught.value)[:60], "caught")


async def at_full_speed(system: System) -> tuple[int, float, int]:
    """Bytes sent, seconds that others' events came later, and bytes of memory. Or a Violation."""
    head = await system.settled()
    clients = [Client(system.servers[0].ws_url, [TOPIC]) for _ in range(CLIENTS)]
    process = psutil.Process(system.servers[0].serving_pid)
    sent = 0
    async with swarm(clients):
        for turn in range(TRIES):
            calm = await latencies(system, f"s13-calm{turn}", clients)
            before, busy = process.memory_info().rss, []
            for number, kind in enumerate(KINDS):
                beside = asyncio.create_task(
                    run_beside(
                        system,
                        "tests.stress.full_speed",
                        *(str(system.servers[0].port), kind, str(SIZE), str(SECONDS)),
                    )
                )
                busy += await latencies(system, f"s13-{turn}{number}", clients)
                sent += json.loads(await beside)["bytes"]
            added = percentile(busy, 99) - percentile(calm, 99)
            grown = process.memory_info().rss - before
            if added <= ADDED and grown <= GROWTH:
                break
        await system.settled()
        check_clients(clients, system.base.read(head))
    if added > ADDED:
        raise Violation(f"others' events came {added:.2f} s later")
    if grown > GROWTH:
        raise Violation(f"the memory grew by {grown / MIB:.0f} MiB")
    if any(one.connects > 1 for one in clients):
        raise Violation("another client lost its connection")
    return sent, added, grown


async def latencies(system: System, name: str, clients: list[Client]) -> list[float]:
    """Of events that the other server publishes for SECONDS."""
    known = {one: len(one.handed) for one in clients}
    position = (await system.control(1, "report"))["position"]
    count = int(SECONDS * RATE)
    await system.load(1, count, RATE, prefix=name, topics=[TOPIC], several=0.0)
    assert not await system.written(1, name, 20 * SECONDS)
    await system.settled()
    count = len(due(system.base.read(position), [TOPIC], position))
    await reached(clients, lambda one: len(one.handed) >= known[one] + count, 20)
    return [event.latency for one in clients for event in one.handed[known[one] :]]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
