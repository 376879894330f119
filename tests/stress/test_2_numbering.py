"""Scenario 2: writers that commit out of order, two who number, one of them frozen in its lock."""

import asyncio
import math
import threading
import time

import psycopg

from tests.stress import table
from tests.stress.client import Client
from tests.stress.ledger import check_clients, check_log, due
from tests.stress.scale import QUICK, scaled
from tests.stress.swarm import reached, swarm
from tests.stress.system import System

WRITERS = 8
TRANSACTIONS = scaled(160, 2_000)
FREEZES = scaled(1, 8)
FROZEN = scaled(2.5, 5.0)  # seconds; the others wait 1.5 s for the lock
LATE = 4.0  # seconds
TOPICS = [f"open.n{number}" for number in range(4)]


class NaiveReader:
    """Reads `id > cursor`, as the tutorials do, and misses what commits late."""

    def __init__(self, database: str, after: int) -> None:
        self.seen: set[int] = set()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, args=[database, after])
        self._thread.start()

    def _run(self, database: str, cursor: int) -> None:
        with psycopg.connect(database, autocommit=True) as session:
            while not self._stopped.wait(0.01):
                query = "SELECT id FROM hub_event WHERE id > %s ORDER BY id"
                for (key,) in session.execute(query, [cursor]).fetchall():
                    self.seen.add(key)
                    cursor = key

    def stop(self) -> set[int]:
        self._stopped.set()
        self._thread.join()
        return self.seen


async def test_positions_are_contiguous_and_no_follower_skips_one(system: System) -> None:
    head = await system.settled()
    with psycopg.connect(system.base.database) as session:
        (last,) = session.execute("SELECT coalesce(max(id), 0) FROM hub_event").fetchone() or (0,)
    naive = NaiveReader(system.base.database, last)
    clients = [Client(server.ws_url, TOPICS) for server in system.servers for _ in range(4)]
    try:
        async with swarm(clients):
            await freeze_and_deliver(system, clients)
            await system.settled()
            ledger = system.base.read(head)
            await reached(
                clients, lambda one: len(one.handed) >= len(due(ledger, TOPICS, head)), LATE
            )
            check_log(ledger, head, "s2")
            check_clients(clients, ledger)
            assert all(one.connects == 1 for one in clients), "sockets stay"
    finally:
        seen = naive.stop()
    with psycopg.connect(system.base.database) as session:
        ids = {i for (i,) in session.execute("SELECT id FROM hub_event WHERE id > %s", [last])}
    assert ids - seen, "the naive reader skipped nothing: the writers did not commit out of order"
    table.show("2", "events, all with a contiguous position", len(ledger.rows))
    table.show("2", "events a reader of `id > cursor` skipped", len(ids - seen), "> 0")


async def freeze_and_deliver(system: System, clients: list[Client]) -> None:
    """Write from both servers; freeze each in turn, in its lock, and time the other's clients."""
    each = math.ceil(TRANSACTIONS / WRITERS / FREEZES)
    slowest = 0.0
    for turn in range(FREEZES):
        frozen, awake = turn % 2, 1 - turn % 2
        names = [
            [f"s2-{turn}-{index}-{number}" for number in range(WRITERS // 2)] for index in (0, 1)
        ]
        for index in (0, 1):
            for name in names[index]:
                await system.load(
                    index, each, rate=each / FROZEN, prefix=name, topics=TOPICS, pause=0.05
                )
        await system.freeze_in_lock(frozen)
        since = time.monotonic()
        await asyncio.sleep(FROZEN)
        await system.thaw(frozen)
        if QUICK:  # the rest of its load would show nothing new
            await asyncio.sleep(0.5)
            await system.control(frozen, "stop", prefix="s2-")
        for index in (0, 1):
            for name in names[index]:
                errors = await system.written(index, name, 4 * FROZEN)
                assert not errors, errors
        # Of the awake server's facts: the frozen one's writers stood still before their commits.
        mine = tuple(f"{name}-" for name in names[awake])
        late = [
            one.latency
            for client in clients[4 * awake : 4 * awake + 4]
            for one in client.handed
            if one.at > since and one.key.startswith(mine)
        ]
        assert late, "nothing was delivered while the other server was frozen"
        slowest = max(slowest, *late)
    assert slowest <= LATE, f"delivery stood still for {slowest:.2f} s"
    table.show("2", "slowest delivery, holder of the lock frozen", table.seconds(slowest), "4 s")
