"""Scenario 3: connections are cut, stall and end by half; nobody misses or doubles anything."""

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack

import pytest

from tests.rig.wait import PATIENCE, async_wait_until
from tests.stress import leaks, table
from tests.stress.client import Client
from tests.stress.ledger import check_clients, check_log, due
from tests.stress.percentile import percentile
from tests.stress.proxy import Proxy, anything_about_every, resets_about_every
from tests.stress.scale import QUICK, rng, scaled
from tests.stress.silence import BROWSER
from tests.stress.swarm import reached, swarm
from tests.stress.system import LOOK, Base, System, system_on

CLIENTS = scaled(100, 1_000)
OTHERS = CLIENTS // 5  # whose connections stall and end by half; the others' are reset
RESETS = scaled(1.5, 15)  # seconds a connection lives, about
# Seconds of a stall. In the full set the longest are longer than a browser's patience.
STALLS = scaled((0.2, 1.0), (0.5, 55.0))
EVENTS = scaled(16, 120)
RATE = scaled(4.0, 2.0)  # events a second
SAVES_EVERY = 4  # events: half of the clients save their position so seldom
REPLAY = 1.0  # seconds, the 99th percentile
LATE = 25.0  # seconds: a client that was refused a few times waits up to 20 s
GONE = scaled(PATIENCE, 5.0)  # seconds until no connection is left
TOPIC = "open.storm"
LIMITS = {"PING": 2, "PONG": 1}  # seconds, where both sides are waited for
STALLED = 20  # clients
BY_SERVER = LIMITS["PING"] + LIMITS["PONG"] + 2.0  # seconds; it looks once a second
BY_CLIENT = BROWSER.pings * LIMITS["PING"] + BROWSER.grace + 1.0


async def test_a_storm_loses_and_doubles_nothing(system: System) -> None:
    head = await system.settled()
    async with AsyncExitStack() as ends:
        storms, messes = [], []
        for number, server in enumerate(system.servers):
            resets = resets_about_every(RESETS, rng(f"s3:{number}"))
            storms.append(await ends.enter_async_context(Proxy(server.port, resets)))
            anything = anything_about_every(RESETS, STALLS, OTHERS // 2, rng(f"s3:more:{number}"))
            messes.append(await ends.enter_async_context(Proxy(server.port, anything)))
        clients = [
            Client(
                (messes if number < OTHERS else storms)[number % 2].ws_url,
                [TOPIC],
                random=rng(f"s3:{number}"),
                saves_every=SAVES_EVERY if number % 4 < 2 else 1,
            )
            for number in range(CLIENTS)
        ]
        async with swarm(clients):
            begin = (await system.control(0, "report"))["position"]
            await system.load(0, EVENTS, RATE, prefix="s3", topics=[TOPIC], several=0.0)
            await asyncio.sleep(EVENTS / RATE)
            assert not await system.written(0, "s3", 30)
            await system.settled()
            for proxy in messes:
                proxy.calm()
            ledger = system.base.read(head)
            expected = {one: len(due(ledger, [TOPIC], one.start)) for one in clients}
            await reached(clients, lambda one: len(one.handed) >= expected[one], LATE)
            check_log(ledger, head, "s3")
            check_clients(clients, ledger)
            assert all(one.start <= begin for one in clients)
        proxies = [*storms, *messes]
        await async_wait_until(lambda: not any(one.links for one in proxies), GONE, "empty proxies")
    done = sum((proxy.done for proxy in messes), Counter[str]())
    p99 = percentile([seconds for one in clients[OTHERS:] for seconds in one.replays[1:]], 99)
    again = sum(len(one.seen) - len(one.handed) for one in clients)
    twice = sum(len(one.handed) - len({event.key for event in one.handed}) for one in clients)
    given_up = sum(len(one.given_up) for one in clients)
    table.show("3", f"clients, cut about every {RESETS} s", CLIENTS)
    table.show("3", "connections reset", sum(proxy.resets for proxy in proxies))
    table.show("3", "connections stalled", done["stall"])
    table.show("3", "given up by clients as silent", given_up, "" if QUICK else "> 0")
    table.show("3", "connections half-closed", done["half_close"])
    table.show("3", "events delivered, of all", sum(len(one.handed) for one in clients), "100 %")
    table.show("3", "of them sent again, dropped by the client", again, "> 0")
    table.show("3", "of them handed on twice", twice, "0")
    table.show("3", "p99 of a replay", table.seconds(p99), "1 s")
    assert done["stall"] and done["half_close"] and again and not twice
    for one in clients:
        handed = {(event.position, event.key) for event in one.handed}
        assert set(one.seen) == handed, "what came again was another event"
    if not QUICK:
        assert p99 < REPLAY and given_up


@pytest.mark.skipif(QUICK, reason="it waits for a browser's patience")
async def test_a_stalled_connection_is_given_up_by_both_sides(base: Base) -> None:
    with (
        system_on(base.sibling(), servers=1, hub=LIMITS, name="still") as daphne,
        system_on(
            base.sibling(), servers=1, software="uvicorn", hub=LIMITS, name="mute"
        ) as uvicorn,
    ):
        await asyncio.gather(stall(daphne), stall(uvicorn))


async def stall(system: System) -> None:
    """Every connection at once, for as long as it takes; then they go on, or are reset."""
    (server,) = system.servers

    async def are_closed() -> bool:
        await asyncio.sleep(LOOK)
        report = await system.control(0, "report")
        codes = [code for code, _ in report["closings"]]
        return codes == [4008] * STALLED and not report["connections"]

    await leaks.warm(system, 0, STALLED)
    before = await leaks.line_of(system, 0)
    async with Proxy(server.port) as proxy:
        clients = [
            Client(proxy.ws_url, [TOPIC], random=rng(f"stall:{number}"))
            for number in range(STALLED)
        ]
        async with swarm(clients):
            # A server expects answers of who has answered before.
            await reached(clients, lambda one: one.pings > 0, LIMITS["PING"] + 2)
            links = tuple(proxy.links)
            for link in links:
                link.stall()
            begun = time.monotonic()
            await system.load(0, 60, 5.0, prefix="s3b", topics=[TOPIC])
            await async_wait_until(are_closed, BY_SERVER, "the server closes with 4008")
            by_server = time.monotonic() - begun
            await reached(clients, lambda one: bool(one.given_up), BY_CLIENT)
            by_client = max(silent for one in clients for silent in one.given_up)
            for number, link in enumerate(links):
                (link.go_on if number % 2 else link.reset)()
            assert not await system.written(0, "s3b", 30)
            await system.settled()
            ledger = system.base.read()
            expected = {one: len(due(ledger, [TOPIC], one.start)) for one in clients}
            await reached(clients, lambda one: len(one.handed) >= expected[one], 10)
            check_clients(clients, ledger)
            assert all(one.connects == 2 for one in clients)
    await leaks.check(system, 0, before)
    text = f"{server.software}: {STALLED} stalled connections, the last one given up by"
    table.show("3", f"{text} the server", table.seconds(by_server), f"{BY_SERVER:g} s")
    table.show("3", f"{text} its client", table.seconds(by_client), f"{BY_CLIENT:g} s")
