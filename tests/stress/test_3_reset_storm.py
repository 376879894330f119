"""Scenario 3: every connection is cut again and again; nobody misses or doubles anything."""

import asyncio

from tests.rig.wait import async_wait_until
from tests.stress import table
from tests.stress.client import Client
from tests.stress.ledger import check_clients, check_log, due
from tests.stress.proxy import Proxy, resets_about_every
from tests.stress.scale import QUICK, rng, scaled
from tests.stress.swarm import reached, swarm
from tests.stress.system import System

CLIENTS = scaled(100, 1_000)
RESETS = scaled(1.5, 15)  # seconds a connection lives, about
EVENTS = scaled(16, 120)
RATE = scaled(4.0, 2.0)  # events a second
REPLAY = 1.0  # seconds, the 99th percentile
LATE = 25.0  # seconds: a client that was refused a few times waits up to 20 s
TOPIC = "open.storm"


async def test_a_thousand_resets_lose_and_double_nothing(system: System) -> None:
    head = await system.settled()
    first, second = system.servers
    async with (
        Proxy(first.port, resets_about_every(RESETS, rng("s3:0"))) as one,
        Proxy(second.port, resets_about_every(RESETS, rng("s3:1"))) as two,
    ):
        proxies = (one, two)
        clients = [
            Client(proxies[number % 2].ws_url, [TOPIC], random=rng(f"s3:{number}"))
            for number in range(CLIENTS)
        ]
        async with swarm(clients):
            begin = (await system.control(0, "report"))["position"]
            await system.load(0, EVENTS, RATE, prefix="s3", topics=[TOPIC], several=0.0)
            await asyncio.sleep(EVENTS / RATE)
            assert not await system.written(0, "s3", 30)
            await system.settled()
            ledger = system.base.read(head)
            expected = {one: len(due(ledger, [TOPIC], one.start)) for one in clients}
            await reached(clients, lambda one: len(one.handed) >= expected[one], LATE)
            check_log(ledger, head, "s3")
            check_clients(clients, ledger)
            assert all(one.start <= begin for one in clients)
        resets = one.resets + two.resets
        await async_wait_until(lambda: not one.links and not two.links, 5, "an empty proxy")
    replays = sorted(seconds for one in clients for seconds in one.replays[1:])
    p99 = replays[int(0.99 * len(replays))]
    again = sum(len(one.seen) - len(one.handed) for one in clients)
    table.show("3", f"clients, cut about every {RESETS} s", CLIENTS)
    table.show("3", "connections reset", resets)
    table.show("3", "events delivered, of all", sum(len(one.handed) for one in clients), "100 %")
    table.show("3", "of them sent twice, dropped by the client", again)
    table.show("3", "p99 of a replay", table.seconds(p99), "1 s")
    if not QUICK:
        assert p99 < REPLAY
