"""Scenario 11: somebody who can write to Redis is believed by nobody, and delays nothing."""

import asyncio

from tests.rig.wait import PATIENCE
from tests.stress import table
from tests.stress.client import Client
from tests.stress.forger import Forger
from tests.stress.ledger import check_clients, check_log, due
from tests.stress.percentile import percentile
from tests.stress.scale import scaled
from tests.stress.swarm import reached, swarm
from tests.stress.system import System

CLIENTS = scaled(20, 200)  # at each server
SECONDS = scaled(3, 30)
RATE = 20  # transactions a second, at each server
PROMPT = 2.0  # seconds, the 95th percentile
TOPICS = [f"open.f{number}" for number in range(3)]


async def test_forged_messages_on_redis_are_not_believed(system: System) -> None:
    head = await system.settled()
    epoch = (await system.control(0, "report"))["epoch"]
    clients = [Client(server.ws_url, TOPICS) for server in system.servers for _ in range(CLIENTS)]
    async with swarm(clients), Forger(system.base.redis.url) as forger:
        for index in (0, 1):
            await system.load(index, SECONDS * RATE, RATE, prefix=f"s11-{index}", topics=TOPICS)
        await asyncio.sleep(SECONDS)
        for index in (0, 1):
            assert not await system.written(index, f"s11-{index}", PATIENCE)
        await system.settled()
        ledger = system.base.read(head)
        everything = len(due(ledger, TOPICS, head))
        await reached(clients, lambda one: len(one.handed) >= everything, PATIENCE)
    check_log(ledger, head, "s11")
    check_clients(clients, ledger)
    assert all(one.connects == 1 for one in clients), "nobody was sent to another epoch"
    assert (await system.control(0, "report"))["epoch"] == epoch
    latency = percentile([event.latency for one in clients for event in one.handed], 95)
    table.show("11", "forged messages, believed by nobody", forger.sent, "> 0")
    table.show("11", "95th percentile of delivery meanwhile", table.seconds(latency), "2 s")
    assert forger.sent > 0
    assert latency <= PROMPT
