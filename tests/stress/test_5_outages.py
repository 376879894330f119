"""Scenario 5: Redis and the database go and come back under load."""

import asyncio
import itertools
import math
import os
import signal
import time
from statistics import median
from typing import Any

import psycopg
import pytest

from tests.end_to_end.shopper import Shopper
from tests.stress import table
from tests.stress.client import Client
from tests.stress.ledger import check_clients, check_log, due
from tests.stress.percentile import percentile
from tests.stress.scale import QUICK, TRIES, scaled
from tests.stress.swarm import reached, swarm
from tests.stress.system import BY_NOTIFY, System

CLIENTS = scaled(10, 100)  # at each server
RATE = 20  # transactions a second, at each server
AWAY = {
    "killed": scaled(3.5, 60),
    "frozen": scaled(2.5, 20),
    "database": scaled(1.5, 10),
}  # seconds
PATIENCE = scaled(1, 10)  # seconds that a request waits for the database: less than it is away
HINTS = "NOTIFY" if BY_NOTIFY else "Redis"
SLOWEST, P95 = 4.0, 2.0  # seconds, without the layer
BACK = scaled(10.0, 3.0)  # seconds until the fast path is back
MEASURED = 0.5  # seconds of load that are measured at a time
FAST = 0.1  # seconds; the median of a log that is only polled is above it
TOPICS = ["open.o0", "open.o1"]


async def under_load(system: System, name: str, seconds: float) -> None:
    for index in (0, 1):
        count = math.ceil(seconds * RATE)
        await system.load(index, count, RATE, prefix=f"{name}-{index}", topics=TOPICS)


async def exact(system: System, name: str, clients: list[Client], head: int) -> None:
    """All that was committed was handed on, in order, and no socket was closed for it."""
    await system.settled()
    ledger = system.base.read(head)
    await reached(clients, lambda one: len(one.handed) >= len(due(ledger, TOPICS, head)), SLOWEST)
    check_log(ledger, head, name)
    check_clients(clients, ledger)
    assert all(one.connects == 1 for one in clients), "a socket was closed"


def delivered(clients: list[Client], since: float, until: float = math.inf) -> list[float]:
    """The latencies of what was inserted between two times."""
    return [
        event.latency
        for one in clients
        for event in one.handed
        if since <= event.at - event.latency <= until
    ]


async def fast_path_back(system: System, name: str, others: list[Client]) -> tuple[float, float]:
    """Wait until events are fast again: after how many seconds they were, and their median.

    One server writes, the other's clients are measured: a server that does not write itself has
    nothing but the layer, or its poll.
    """
    begun, count, turns = time.monotonic(), math.ceil(MEASURED * RATE), itertools.count()
    while True:
        since, prefix = time.monotonic(), f"{name}-again{next(turns)}"
        known = {one: len(one.handed) for one in others}

        def of_this_round(one: Client, known: Any = known, prefix: str = prefix) -> list[float]:
            new = one.handed[known[one] :]
            return [event.latency for event in new if event.key.startswith(f"{prefix}-")]

        await system.load(0, count, RATE, prefix=prefix, topics=TOPICS, several=0.0)
        # All of it: without those that are on their way, a slow path looks faster than it is.
        await reached(others, lambda one, of=of_this_round: len(of(one)) == count, 2 * SLOWEST)
        middle = median([latency for one in others for latency in of_this_round(one)])
        assert since - begun <= BACK, f"not fast within {BACK:g} s; the last median: {middle:.2f} s"
        if middle <= FAST:
            return since - begun, middle


@pytest.mark.parametrize("trouble", ["killed", "frozen"])
async def test_without_redis_events_are_late_and_none_is_lost(system: System, trouble: str) -> None:
    for turn in range(TRIES):
        slowest, p95, fast_after, middle = await outage(system, trouble, f"s5-{trouble}{turn}")
        if slowest <= SLOWEST and p95 <= P95:
            break
    table.show("5", f"{HINTS} {trouble}: slowest delivery", table.seconds(slowest), "4 s")
    table.show("5", f"{HINTS} {trouble}: 95th percentile", table.seconds(p95), "2 s")
    after = f"{HINTS} {trouble}: fast path back after"
    table.show("5", after, table.seconds(fast_after), f"{BACK:g} s")
    table.show("5", f"{HINTS} {trouble}: median from then on", table.seconds(middle), "100 ms")
    assert slowest <= SLOWEST and p95 <= P95


class Listening:
    """In the place of Redis: the sessions that listen to NOTIFY are ended, or frozen."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._frozen: list[int] = []

    def _pids(self) -> list[int]:
        query = """
            SELECT pid FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'LISTEN hub%'
        """
        with psycopg.connect(self._database, autocommit=True) as session:
            pids = [pid for (pid,) in session.execute(query)]
        assert pids, "nobody listens"
        return pids

    def stop(self) -> None:
        with psycopg.connect(self._database, autocommit=True) as session:
            session.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) pid", [self._pids()])

    def start(self) -> None:
        """The servers have made new ones by themselves."""

    def freeze(self) -> None:
        self._frozen = self._pids()
        for pid in self._frozen:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in self._frozen:
            os.kill(pid, signal.SIGCONT)


async def outage(system: System, trouble: str, name: str) -> tuple[float, float, float, float]:
    """In seconds: the slowest delivery, the 95th percentile, until it was fast again, how fast."""
    redis = Listening(system.base.database) if BY_NOTIFY else system.base.redis
    stop, start = {
        "killed": (redis.stop, redis.start),
        "frozen": (redis.freeze, redis.thaw),
    }[trouble]
    head = await system.settled()
    clients = [Client(server.ws_url, TOPICS) for server in system.servers for _ in range(CLIENTS)]
    async with swarm(clients):
        await under_load(system, name, 1 + AWAY[trouble])
        await asyncio.sleep(1)
        gone = time.monotonic()
        await asyncio.to_thread(stop)  # the clients go on reading
        await asyncio.sleep(AWAY[trouble])
        start()  # here: what a thread starts dies with it
        back = time.monotonic()
        fast_after, middle = await fast_path_back(system, name, clients[CLIENTS:])
        for index in (0, 1):
            assert not await system.written(index, f"{name}-{index}", 30)
        await exact(system, name, clients, head)
    # The slowest of all to the end; what was fast again would only thin out the percentile.
    slowest = max(delivered(clients, gone))
    p95 = percentile(delivered(clients, gone, back + fast_after), 95)
    return slowest, p95, fast_after, middle


async def patience(system: System, seconds: float) -> None:
    """How long the servers' requests wait for a database that is away."""
    for index in range(len(system.servers)):
        await system.control(index, "patience", seconds=seconds)


async def test_without_the_database_sockets_stay_and_nobody_is_signed_out(system: System) -> None:
    postgres, name = system.base.postgres, "s5-database"
    for server in system.servers:
        server.expect_in_log("OperationalError", "PoolTimeout", "InterfaceError", "AdminShutdown")
    (person,) = await system.control(0, "people", prefix=name, count=1)
    await system.control(0, "product", slug="shelf", pieces=100)
    shopper = Shopper(system.servers[0].url)
    shopper.cookies = dict([person["cookie"].split("=")])
    head = await system.settled()
    clients = [Client(server.ws_url, TOPICS) for server in system.servers for _ in range(CLIENTS)]
    clients += [Client(server.ws_url, TOPICS, cookie=person["cookie"]) for server in system.servers]
    async with swarm(clients):
        await asyncio.to_thread(shopper.get, "/products/shelf/")  # brings the form's token
        assert (await asyncio.to_thread(shopper.order, "shelf")).status == 302
        await under_load(system, name, 1 + AWAY["database"] + 2)
        await asyncio.sleep(1)
        await patience(system, PATIENCE)
        await asyncio.to_thread(postgres.stop)
        begun = time.monotonic()
        answer = await asyncio.to_thread(shopper.order, "shelf")
        waited = time.monotonic() - begun
        await patience(system, 10)  # as in the project's settings
        assert answer.status in (500, 503), answer
        assert "Try again" in answer.text and "Traceback" not in answer.text
        await asyncio.sleep(max(0.0, AWAY["database"] - waited))
        postgres.start()
        known, back = [len(one.handed) for one in clients], time.monotonic()
        later = dict(zip(clients, known, strict=True))
        await reached(clients, lambda one: len(one.handed) > later[one], 20)
        resumed = time.monotonic() - back
        if QUICK:  # the rest of the load would show nothing new
            for index in (0, 1):
                await system.control(index, "stop", prefix=name)
        errors = [await system.written(index, f"{name}-{index}", 60) for index in (0, 1)]
        assert any(errors) if QUICK else all(errors), "no write was refused meanwhile"
        answer = await asyncio.to_thread(shopper.order, "shelf")
        assert answer.status == 302 and answer.location.startswith("/orders/"), answer
        # Who comes long after the outage must not pay for connections that were lost in it.
        crowd = [Client(system.servers[0].ws_url, cookie=person["cookie"]) for _ in range(8)]
        async with swarm(crowd):
            assert all(one.connects == 1 and one.welcome["user"] for one in crowd)
        for one in clients[-2:]:
            one.topics.add(f"user.{person['pk']}")
        await exact(system, name, clients, head)
        assert all(one.welcome["user"] for one in clients[-2:])
    table.show("5", "database away: a write is refused after", table.seconds(waited))
    table.show("5", "database back: delivery goes on after", table.seconds(resumed))
    table.show("5", "database away: sockets closed, people signed out", "0, 0", "0, 0")
