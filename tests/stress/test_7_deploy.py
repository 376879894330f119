"""Scenario 7: a full server is told to end; a crowd comes while the database is slow."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

import pytest

from tests.rig.server import ServerProcess
from tests.rig.wait import async_wait_until
from tests.stress import leaks, table
from tests.stress.client import Client
from tests.stress.ledger import check_clients, check_log, due
from tests.stress.scale import QUICK, rng, scaled
from tests.stress.swarm import reached, swarm, welcomed
from tests.stress.system import Base, System, system_on

CLIENTS = scaled(100, 1_000)
BACK = 10.0  # seconds from SIGTERM until everybody is at the other server
RATE = 10  # transactions a second meanwhile, at each server
# Seconds at least that the ending server waits for who is slow to go. In small longer: it must be
# seen not to be ready meanwhile, on a machine that may stall.
DRAINS = scaled(3.0, 1.0)
SPREAD = range(500, 5_001)  # ms: when clients are told to come back
TOPICS = ["open.s0", "open.s1"]
CROWD = scaled(50, 200)  # connects at the same moment
SLOW = scaled(0.1, 0.25)  # seconds before every statement
WELCOMED = scaled(6.0, 30.0)  # seconds; three threads instead of ten would need longer


@pytest.fixture(scope="module")
def systems(base: Base) -> Iterator[list[System]]:
    """Two servers of each kind; the scenarios in small run on both kinds at once."""
    with (
        system_on(base.sibling(), name="daphne") as daphne,
        system_on(base.sibling(), software="uvicorn", name="uvicorn") as uvicorn,
    ):
        yield [daphne, uvicorn]


async def test_a_crowd_is_welcomed_while_the_database_is_slow(systems: list[System]) -> None:
    await on_each(systems, crowd)


async def test_at_a_deploy_everybody_hears_goodbye_and_comes_back(systems: list[System]) -> None:
    await on_each(systems, deploy)


async def on_each(systems: list[System], run: Callable[[System], Awaitable[None]]) -> None:
    if QUICK:
        await asyncio.gather(*(run(system) for system in systems))
    else:
        for system in systems:
            await run(system)


async def crowd(system: System) -> None:
    people = await system.control(0, "people", prefix="crowd", count=CROWD)
    await system.settled()
    await leaks.warm(system, 0, CROWD)
    before = await leaks.line_of(system, 0)
    clients = [Client(system.servers[0].ws_url, cookie=person["cookie"]) for person in people]
    await system.faults(sql_delay=SLOW)
    async with contextlib.AsyncExitStack() as leaving:
        begun = time.monotonic()
        for one in clients:
            await leaving.enter_async_context(one)
        await welcomed(clients, 3 * WELCOMED)
        waited = time.monotonic() - begun
        # With the patience of browsers: nobody left the queue and came again.
        assert all(one.welcome["user"] and one.connects == 1 for one in clients)
        assert not any(one.given_up for one in clients)
    await system.faults()
    software = system.servers[0].software
    text = f"{software}: {CROWD} connects by cookie, statements {SLOW * 1000:.0f} ms late"
    table.show("7", text, table.seconds(waited), f"{WELCOMED:g} s")
    assert waited <= WELCOMED
    await leaks.check(system, 0, before)


async def deploy(system: System) -> None:
    first, second = system.servers
    await leaks.warm(system, 1, CLIENTS)
    before = await leaks.line_of(system, 1)
    head = await system.settled()
    went: list[float] = []
    answers: list[int] = []  # of /readyz

    def url() -> str:
        """As a load balancer that takes a server out when it is told to end."""
        return second.ws_url if went else first.ws_url

    clients = [Client(url, TOPICS, random=rng(f"s7:{number}")) for number in range(CLIENTS)]
    async with swarm(clients):
        for index, name in enumerate(("ending", "staying")):
            count = int(RATE * (BACK + 2))
            await system.load(index, count, RATE, prefix=f"s7-{name}", topics=TOPICS)
        await asyncio.sleep(0.5)
        await system.control(0, "linger", seconds=DRAINS)
        asking = asyncio.create_task(ask_until_unready(first, answers))
        await async_wait_until(lambda: answers, BACK, "an answer of /readyz")
        went.append(time.monotonic())
        code = asyncio.create_task(asyncio.to_thread(first.terminate))
        await async_wait_until(
            lambda: all(one.connects == 2 and one.is_open for one in clients),
            BACK,
            lambda: f"{sum(one.is_open for one in clients)} of {CLIENTS} are back",
        )
        back = time.monotonic() - went[0]
        assert await code in (0, -15), await code
        await asking
        assert set(answers) == {200, 503}, Counter(answers)
        await system.control(1, "stop")
        assert not await system.written(1, "s7-staying", BACK)
        await system.settled()
        ledger = system.base.read(head)
        expected = {one: len(due(ledger, one.topics, one.start)) for one in clients}
        await reached(clients, lambda one: len(one.handed) >= expected[one], 10)
        check_log(ledger, head, "s7")
        check_clients(clients, ledger)
    late = {
        event.position
        for one in clients
        for event in one.handed
        if event.key.startswith("s7-ending-") and event.at - event.latency > went[0]
    }
    told = [one.goodbyes[0] for one in clients if one.goodbyes]
    software = first.software
    table.show("7", f"{software}: heard goodbye, of {CLIENTS}", len(told), str(CLIENTS))
    table.show("7", f"{software}: all are back after", table.seconds(back), "10 s")
    assert len(told) == CLIENTS
    assert {(frame["code"], frame["reason"]) for frame in told} == {(4012, "restart")}
    text = f"{software}: events that it wrote after SIGTERM, delivered"
    table.show("7", text, len(late), "> 0")
    assert late
    check_spread([frame["retry_ms"] for frame in told])
    await leaks.check(system, 1, before)


async def ask_until_unready(server: ServerProcess, answers: list[int]) -> None:
    """The status of /readyz, again and again, until it is 503, or nobody answers."""
    with contextlib.suppress(OSError):
        while 503 not in answers:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            line = await reader.readline()
            writer.close()
            if not line:
                return
            answers.append(int(line.split()[1]))


def check_spread(asked: list[int]) -> None:
    """Evenly over the whole time, so that the other servers are not overrun: no quarter of it has
    less than a fifth of its share."""
    assert all(one in SPREAD for one in asked), sorted(asked)
    quarter = len(SPREAD) / 4
    shares = Counter(int((one - SPREAD.start) / quarter) for one in asked)
    assert min(shares[number] for number in range(4)) >= len(asked) / 20, shares
