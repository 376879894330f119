"""Scenario 14: a flood of log-ins. Other pages are answered and events arrive meanwhile."""

import asyncio
import json
import math
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.rig.server import Software
from tests.stress import leaks, table
from tests.stress.client import Client
from tests.stress.ledger import Violation, check_clients, due
from tests.stress.percentile import percentile
from tests.stress.scale import TRIES, scaled
from tests.stress.swarm import reached, swarm
from tests.stress.system import Base, System, run_beside, system_on

SOFTWARE: list[Software] = scaled(["daphne"], ["daphne", "uvicorn", "gunicorn"])
LOG_INS = 200  # at once
CLIENTS = 20
CROWD = 50  # connections at the start
RATE = 10  # events per second
PAGE = 2.0  # seconds for the 99th percentile of other pages
EVENT = 1.0  # seconds for the slowest event
TOPIC = "open.l"


@contextmanager
def hashing(base: Base, software: Software = "daphne") -> Iterator[System]:
    """Two servers that hash passwords as the real site does."""
    sibling = base.sibling()
    sibling.env["STRESS_REAL_HASHES"] = "1"
    with system_on(sibling, software=software, name="hashing") as made:
        yield made


@pytest.mark.parametrize("software", SOFTWARE)
async def test_a_flood_of_log_ins_stops_nobody_else(base: Base, software: Software) -> None:
    with hashing(base, software) as system:
        await leaks.warm(system, 0, CROWD)
        statuses, page, event = await flood(system)
    told = ", ".join(f"{count} times {status}" for status, count in sorted(statuses.items()))
    table.show("14", f"{software}: answers to {LOG_INS} log-ins at once", told)
    table.show("14", f"{software}: other pages, 99th percentile", table.seconds(page), "2 s")
    table.show("14", f"{software}: slowest event", table.seconds(event), "1 s")


async def test_a_build_that_hashes_without_slots_is_caught(base: Base) -> None:
    build = "hashes_without_slots"
    with hashing(base) as system:
        await system.faults(broken=build)
        # Nothing is left for log-ins either: their requests find no connection.
        system.servers[0].expect_in_log("PoolTimeout", "Internal Server Error: /accounts/login/")
        with pytest.raises(Violation) as caught:
            await flood(system)
        table.show("broken", build, str(caught.value)[:60], "caught")


async def flood(system: System) -> tuple[dict[str, int], float, float]:
    """The answers, the 99th percentile of pages and the slowest event; or a Violation."""
    head = await system.settled()
    clients = [Client(system.servers[0].ws_url, [TOPIC]) for _ in range(CLIENTS)]
    async with swarm(clients):
        for turn in range(TRIES):
            known = {one: len(one.handed) for one in clients}
            name = f"s14-{turn}"
            await system.load(1, 10_000, RATE, prefix=name, topics=[TOPIC], several=0.0)
            guessing = asyncio.create_task(
                run_beside(system, "tests.stress.log_ins", system.servers[0].url, str(LOG_INS))
            )
            pages = []
            while not guessing.done():
                pages.append(await asyncio.to_thread(page, system.servers[0].url))
            statuses = json.loads(await guessing)
            await system.control(1, "stop", prefix=name)
            await system.settled()
            count = len(due(system.base.read(head), [TOPIC], head))
            await reached(clients, lambda one, n=count: len(one.handed) >= n, 20)
            slowest = percentile(pages, 99)
            event = max(one.latency for client in clients for one in client.handed[known[client] :])
            if slowest <= PAGE and event <= EVENT:
                break
        check_clients(clients, system.base.read(head))
    if any(one.connects > 1 for one in clients):
        raise Violation("a client lost its socket")
    if slowest > PAGE or event > EVENT:
        raise Violation(f"pages took {slowest:.2f} s, events {event:.2f} s")
    if set(statuses) - {"200", "422", "429", "503"}:
        raise Violation(f"log-ins were answered with {statuses}")
    return statuses, slowest, event


def page(url: str) -> float:
    """Seconds for a page that needs the database; for ever if it is turned away."""
    begun = time.monotonic()
    try:
        with urllib.request.urlopen(f"{url}/", timeout=60) as answer:
            answer.read()
    except urllib.error.HTTPError:
        return math.inf
    return time.monotonic() - begun
