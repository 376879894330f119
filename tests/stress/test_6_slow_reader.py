"""Scenario 6: who does not read, and who sends too much, costs a bounded amount of memory."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Iterator
from statistics import median

import msgspec
import psutil
import pytest

from hub.limits import Limits
from tests.rig.wait import async_wait_until
from tests.stress import leaks, table
from tests.stress.client import Client
from tests.stress.ledger import check_client, check_clients, due
from tests.stress.percentile import percentile
from tests.stress.scale import QUICK, scaled
from tests.stress.silence import ENDLESS
from tests.stress.swarm import reached, swarm
from tests.stress.system import Base, System, system_on
from tests.stress.wire import Wire

MIB = 1024 * 1024
FRAME = 15_000  # bytes of one event
# MiB published in each round, while somebody does not read. The first is more than the memory may
# grow by, and than the ring holds: the replay reads the log.
FULL = (50, 10, 10, 10, 10)
ROUNDS = scaled({"daphne": (6,)}, {"daphne": FULL, "uvicorn": FULL})
# The full set tests the limits as they are by default; but 50 MiB are more events than 2,000.
CHANGED = scaled({"RING_BYTES": 3 * MIB, "PONG": 2}, {"REPLAY": 4_000})
LIMITS = msgspec.convert(CHANGED, Limits)
CLOSED = LIMITS.pong + 5  # seconds from a full window to the close
GROWTH = 16 * MIB
# Events a second. In the full set no more than a server follows on a busy machine: what it has
# heard and not looked at yet is a buffer with a bound of its own (16 MiB).
RATE = scaled(1_000, 250)
HEALTHY = 20  # clients that read
CROWD = 100  # clients that come and go at the start
FLOOD = 40_000_000  # bytes
BIG, SMALL = "open.big", "open.small"


@contextlib.asynccontextmanager
async def growth(system: System, found: list[int]) -> AsyncIterator[None]:
    """Appends by how many bytes the first server's resident memory grew at most in the block."""
    process = psutil.Process(system.servers[0].pid)
    base = peak = process.memory_info().rss

    async def watch() -> None:
        nonlocal peak
        while True:
            peak = max(peak, process.memory_info().rss)
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        found.append(peak - base)


@pytest.fixture(scope="module", params=list(ROUNDS))
def system(request: pytest.FixtureRequest, base: Base) -> Iterator[System]:
    """A server for the clients, and a second one that publishes."""
    with system_on(base.sibling(), software=request.param, hub=CHANGED, name="slow") as made:
        yield made


async def publish(system: System, name: str, topic: str, size: int) -> None:
    """So many bytes in large events."""
    count = math.ceil(size / FRAME)
    await system.load(1, count, RATE, prefix=name, topics=[topic], pad=FRAME, several=0.0)
    assert not await system.written(1, name, 120)


async def test_who_never_reads_is_bounded_and_harms_nobody(system: System) -> None:
    software = system.servers[0].software
    rounds = ROUNDS[software]
    await leaks.warm(system, 0, CROWD)  # every thread for the database has begun
    # The ring is full from here on.
    await publish(system, "warm", "open.warm", LIMITS.ring_bytes + MIB)
    await system.settled()
    before = await leaks.line_of(system, 0)
    head = await system.settled()
    with_one, without = [], []
    grown: list[int] = []
    caught_up: list[int] = []
    healthy = [Client(system.servers[0].ws_url, [SMALL]) for _ in range(HEALTHY)]
    async with swarm(healthy):
        for number, volume in enumerate(rounds):
            if not QUICK:  # only compared with
                without.append(await p99_of_round(system, f"without{number}", volume, healthy))
            silent = Client(system.servers[0].ws_url, [BIG], patience=ENDLESS)
            async with swarm([silent]):
                async with growth(system, grown):
                    silent.wire.stop_reading()
                    with_one.append(await p99_of_round(system, f"with{number}", volume, healthy))
                    await closed_for_slowness(system, number + 1)
                async with growth(system, caught_up):
                    silent.wire.read_on()
                    await system.settled()
                    ledger = system.base.read(head)
                    missed = len(due(ledger, [BIG], silent.start))
                    await reached([silent], lambda one, n=missed: len(one.handed) >= n, 30)
                check_client(silent, ledger)
                # In small PONG is 2 s: a pause of the machine may close it once more.
                assert not silent.unrecovered
                assert silent.connects == 2 or (QUICK and silent.connects > 2)
        check_clients(healthy, system.base.read(head))
        assert all(one.connects == 1 for one in healthy)
    report = await system.control(0, "report")
    waits = [waited for code, waited in report["closings"] if code == 4008]
    show = [
        ("most unanswered bytes of a client", report["peak"], LIMITS.window_bytes),
        ("memory grew by, in MiB", max(grown) / MIB, GROWTH / MIB),
        ("by how much it grew while it caught up, in MiB", max(caught_up) / MIB, GROWTH / MIB),
        ("closed after its window filled, seconds", max(waits), f"{CLOSED:g}"),
    ]
    if not QUICK:
        show.append(("healthy p99 without and with it, ms", _ms(without, with_one), "2x or 50"))
    for what, seen, bound in show:
        table.show("6", f"{software}: {what}", seen, str(bound))
    assert report["peak"] <= LIMITS.window_bytes, "more was unanswered than the window takes"
    assert max(grown) <= GROWTH and max(caught_up) <= GROWTH
    assert max(waits) <= CLOSED
    if not QUICK:
        assert median(with_one) <= max(2 * median(without), 0.05)
    await leaks.check(system, 0, before)


async def p99_of_round(system: System, name: str, volume: int, healthy: list[Client]) -> float:
    """Publish a round of so many MiB, and the 99th percentile of what healthy clients hear."""
    known = [len(one.handed) for one in healthy]
    seconds = scaled(1, 6)
    await system.load(1, seconds * 30, 30, prefix=f"{name}-small", topics=[SMALL], several=0.0)
    await publish(system, name, BIG, volume * MIB)
    assert not await system.written(1, f"{name}-small", 30)
    count = seconds * 30
    later = dict(zip(healthy, known, strict=True))
    await reached(healthy, lambda one: len(one.handed) >= later[one] + count, 10)
    late = [event.latency for one in healthy for event in one.handed[later[one] :]]
    return percentile(late, 99)


async def closed_for_slowness(system: System, times: int) -> None:
    async def is_closed() -> bool:
        await asyncio.sleep(0.1)
        report = await system.control(0, "report")
        return [code for code, _ in report["closings"]].count(4008) >= times

    await async_wait_until(is_closed, CLOSED + 5, "the one that does not read is closed with 4008")


@pytest.mark.parametrize("size", [60_000, 900_000])
async def test_a_flood_is_closed_and_costs_little_memory(system: System, size: int) -> None:
    software = system.servers[0].software
    before = await leaks.line_of(system, 0)
    neighbour = Client(system.servers[0].ws_url, [SMALL])
    grown: list[int] = []
    async with swarm([neighbour]):
        await system.control(0, "forget")
        async with growth(system, grown):
            wire = await Wire.connect(system.servers[0].ws_url, lambda text: None)
            wire.send('{"op":"hello"}')
            frame = '{"op":"dance","pad":"' + "x" * size + '"}'
            for _ in range(FLOOD // size):
                wire.send(frame)
                await asyncio.sleep(0)
            await asyncio.wait_for(wire.closed.wait(), 30)
        assert (await neighbour.ask("subscribe", [SMALL]))["ok"]
        assert neighbour.connects == 1
    report = await system.control(0, "report")
    codes = {code for code, _ in report["closings"]}
    text = f"{software}: memory in a flood of {size} byte frames, MiB"
    table.show("6", text, grown[0] / MIB, "16")
    assert codes and codes <= {4029, 4500}, codes
    assert grown[0] <= GROWTH
    await leaks.check(system, 0, before)


def _ms(without: list[float], with_one: list[float]) -> str:
    return f"{median(without) * 1000:.0f}, {median(with_one) * 1000:.0f}"
