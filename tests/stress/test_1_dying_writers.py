"""Scenario 1: who commits, numbers and sends dies -9 at any moment; nothing is lost or made up."""

import json

from tests.stress import table
from tests.stress.client import Client
from tests.stress.ledger import check_clients, check_log, due
from tests.stress.proxy import Proxy, resets_about_every
from tests.stress.scale import SEED, rng, scaled
from tests.stress.swarm import reached, swarm
from tests.stress.system import System, run_beside

TRANSACTIONS = scaled(400, 10_000)
DEATHS = scaled(6, 60)
ROLLED_BACK = 0.3
TOPICS = [f"open.d{number}" for number in range(6)]
LATE = 4.0  # seconds after the last death


async def test_every_committed_event_is_delivered_and_no_other(system: System) -> None:
    head = await system.settled()
    plan = {"seed": SEED, "prefix": "s1", "topics": TOPICS, "rolled_back": ROLLED_BACK}
    asked = json.dumps({"count": TRANSACTIONS, "deaths": DEATHS, "plan": plan})
    trouble = resets_about_every(scaled(2, 8), rng("s1"))
    async with Proxy(system.servers[1].port, trouble) as proxy:
        steady = [Client(one.ws_url, TOPICS) for one in system.servers for _ in range(4)]
        shaken = [
            Client(proxy.ws_url, TOPICS[number % 3 :], random=rng(f"s1:{number}"))
            for number in range(8)
        ]
        async with swarm([*steady, *shaken]) as clients:
            done = json.loads(await run_beside(system, "tests.stress.dying", asked))
            await system.settled()
            ledger = system.base.read(head)
            expected = {one: len(due(ledger, one.topics, head)) for one in clients}
            await reached(clients, lambda one: len(one.handed) >= expected[one], LATE + 20)
            check_log(ledger, head, "s1")
            check_clients(clients, ledger)
            assert all(one.connects == 1 for one in steady)
        resets = proxy.resets
    assert done["deaths"] >= DEATHS
    facts = sum(key.startswith("s1-") for key in ledger.facts)
    table.show("1", "transactions, 30 % rolled back", done["tried"])
    table.show("1", "deaths -9 of the process that writes", done["deaths"], f">= {DEATHS}")
    table.show("1", "facts committed, each delivered once", facts)
    table.show("1", "connections reset meanwhile", resets)
