"""The checkers in small: what a right build passes, and a broken one must not."""

import asyncio
import contextlib
from contextlib import AsyncExitStack
from random import Random

from tests.rig.wait import PATIENCE
from tests.stress import leaks
from tests.stress.client import Client
from tests.stress.forger import Forger
from tests.stress.leaving import CLIENTS, leave_during_a_stall, page
from tests.stress.ledger import Violation, check_clients, check_log, due, is_beginning
from tests.stress.policy import SECRET
from tests.stress.proxy import Proxy, resets_about_every
from tests.stress.scale import rng
from tests.stress.swarm import swarm
from tests.stress.system import System

SECONDS = 0.8
RATE = 40  # transactions a second, at each server
CONVERGED = 1.5  # seconds that a broken build has to come right by itself
TOPICS = ["open.r0", "open.r1"]
EFFECT = 1.0  # seconds until a lost right has its effect


async def deliver(
    system: System,
    name: str,
    *,
    resets: float = 0.0,
    forged: bool = False,
    broken: str = "",
    **faults: float,
) -> None:
    """Load at both servers, under faults. Violation where log and clients are not exact.

    `forged`: somebody answers each message on Redis with forged ones.
    """
    head = await system.settled()
    trouble = resets_about_every(resets, rng(name)) if resets else lambda: None
    await system.faults(broken=broken, **faults)
    async with AsyncExitStack() as ends:
        proxies = [
            await ends.enter_async_context(Proxy(server.port, trouble)) for server in system.servers
        ]
        clients = [
            Client(proxy.ws_url, TOPICS, random=Random(f"{name}{number}"))
            for proxy in proxies
            for number in range(5)
        ]
        if forged:
            await ends.enter_async_context(Forger(system.base.redis.url))
        async with swarm(clients):
            for index in (0, 1):
                await system.load(
                    index,
                    int(SECONDS * RATE),
                    RATE,
                    prefix=f"{name}-{index}",
                    topics=TOPICS,
                    pause=0.03,
                )
            for index in (0, 1):
                await system.written(index, f"{name}-{index}", 10 * SECONDS)
            await system.faults(broken=broken)
            await converged(system, clients, head, CONVERGED if broken else PATIENCE)
            ledger = system.base.read(head)
            check_log(ledger, head, name)
            check_clients(clients, ledger)


async def converged(system: System, clients: list[Client], head: int, within: float) -> None:
    """As far as they come; what is missing then, the checkers say."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            while True:
                ledger = await asyncio.to_thread(system.base.read, head)
                if not all(is_beginning(one, ledger) for one in clients):
                    return
                expected = {one: len(due(ledger, one.topics, head)) for one in clients}
                if all(row.position for row in ledger.rows) and all(
                    len(one.handed) >= expected[one] for one in clients
                ):
                    return
                await asyncio.sleep(0.1)


async def revoke_while_connecting(
    system: System, name: str, *, times: int, broken: str = ""
) -> None:
    """People connect while they lose a right. Violation where one hears what was theirs."""
    chance = rng(name)
    topic = f"{SECRET}{name}"
    people = await system.control(0, "people", prefix=name, count=times)
    for person in people:
        await system.control(0, "change", pk=person["pk"], what="permission")
    # Each statement takes a while, so that the loss falls into every step of the greeting.
    await system.faults(broken=broken, sql_delay=0.01)
    clients = [
        Client(system.servers[number % 2].ws_url, [topic], ticket=person["ticket"])
        for number, person in enumerate(people)
    ]

    async def lose(person: dict[str, object], client: Client, after: float) -> None:
        await asyncio.sleep(after)
        await client.__aenter__()
        await system.control(0, "change", pk=person["pk"], what=what(person))
        await asyncio.sleep(EFFECT)

    def what(person: dict[str, object]) -> str:
        return ("no_permission", "deactivated")[int(str(person["pk"])) % 2]

    try:
        pairs = zip(people, clients, strict=True)
        await asyncio.gather(*(lose(*pair, after=chance.uniform(0, 0.3)) for pair in pairs))
        await system.faults(broken=broken)
        await system.control(0, "state", topics=[topic], prefix=f"{name}-secret")
        await system.settled()
        await asyncio.sleep(0.3)
        heard = [one for one in clients if any(event.topic == topic for event in one.handed)]
        if heard:
            raise Violation(f"{len(heard)} of {times} heard what they had lost the right to")
    finally:
        await asyncio.gather(*(one.__aexit__() for one in clients if one.is_entered))


async def leave(system: System) -> None:
    """Clients leave during a stall. Violation where the only server keeps what was theirs."""
    await page(system)
    line = await leaks.line_of(system, 0)
    await leave_during_a_stall(system)
    try:
        await leaks.check(system, 0, line)
    except AssertionError as error:
        raise Violation(f"after {CLIENTS} clients left: {error}") from None
