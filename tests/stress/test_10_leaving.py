"""Scenario 10: clients leave during a stall of the database, and nothing of theirs stays."""

import pytest

from tests.rig.server import Software
from tests.stress import leaks, table
from tests.stress.client import Client
from tests.stress.leaving import CANCELS, CLIENTS, STALL, leave_during_a_stall, page
from tests.stress.ledger import check_clients, check_log, due
from tests.stress.swarm import reached, swarm
from tests.stress.system import Base, system_on

TOPICS = ["open.s"]
SOCKETS = 10
RATE = 20  # transactions a second, of the server that stalls
QUICK_PAGE = 3.0  # seconds for a page, once the database answers again


@pytest.mark.parametrize("software", CANCELS)
async def test_clients_that_leave_during_a_stall_leave_nothing_behind(
    base: Base, software: Software
) -> None:
    with system_on(
        base.sibling(), servers=1, software=software, options=CANCELS[software], name="left"
    ) as system:
        await page(system)  # what the first request opens, stays
        line = await leaks.line_of(system, 0)
        head = await system.settled()
        clients = [Client(system.servers[0].ws_url, TOPICS) for _ in range(SOCKETS)]
        async with swarm(clients):
            await system.load(0, int(STALL * RATE), RATE, prefix="s10", topics=TOPICS)
            took = await leave_during_a_stall(system)
            assert not await system.written(0, "s10", STALL)
            await system.settled()
            ledger = system.base.read(head)
            await reached(
                clients, lambda one: len(one.handed) >= len(due(ledger, TOPICS, head)), STALL
            )
            check_log(ledger, head, "s10")
            check_clients(clients, ledger)
            assert all(one.connects == 1 for one in clients), "a socket was closed"
        await leaks.check(system, 0, line)
    text = f"{software}: first page after {CLIENTS} clients left in a stall of {STALL:g} s"
    table.show("10", text, table.seconds(took), f"{QUICK_PAGE:g} s")
    assert took <= QUICK_PAGE
