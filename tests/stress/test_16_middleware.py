"""Scenario 16: a project's middleware gives each send a time, and harms nobody but who is slow."""

from collections.abc import Iterator

import pytest

from tests.rig.wait import async_wait_until
from tests.stress import table
from tests.stress.client import Client
from tests.stress.ledger import Violation, check_clients, due
from tests.stress.scale import scaled
from tests.stress.silence import ENDLESS
from tests.stress.swarm import reached, swarm
from tests.stress.system import Base, System, system_on

CLIENTS = 8  # who read
SLOW = scaled(3, 10)  # who do not
ROUNDS = scaled(1, 4)
RATE = 200  # events per second
COUNT = 1_000  # events of a round, each FRAME long: more than the system's buffers take
WINDOW = {"WINDOW_BYTES": 64 * 1024 * 1024, "WINDOW_EVENTS": 10_000}  # so that sends wait first
FRAME = 15_000  # bytes
GONE = 15.0  # seconds until those who do not read are closed
TOPIC = "open.i"
# What the server may say: the time is up for those who do not read.
EXPECTED = ["cannot send to a client", "TimeoutError"]


@pytest.fixture
def system(base: Base) -> Iterator[System]:
    """Two servers whose sends wait for the peer, behind the middleware."""
    sibling = base.sibling()
    sibling.env["STRESS_IMPATIENT"] = "1"
    with system_on(sibling, software="uvicorn", hub=WINDOW, name="impatient") as made:
        for server in made.servers:
            server.expect_in_log(*EXPECTED)
        yield made


async def test_a_middleware_that_times_out_harms_only_who_does_not_read(system: System) -> None:
    sent = 0
    for number in range(ROUNDS):
        sent += await one_round(system, f"s16-{number}")
    table.show(
        "16", f"events beside {SLOW} clients that do not read, behind a time-out", sent, "all"
    )


async def test_a_build_that_sends_in_the_callers_task_is_caught(system: System) -> None:
    build = "sends_in_the_callers_task"
    for server in system.servers:
        server.expect_in_log(
            "unexpectedly, starting it again", "was created in a different Context"
        )
    await system.faults(broken=build)
    with pytest.raises(Violation) as caught:
        await one_round(system, build)
    table.show("broken", build, str(caught.value)[:60], "caught")


async def one_round(system: System, name: str) -> int:
    """The events that healthy clients got, all of them and in order; or a Violation."""
    head = await system.settled()
    healthy = [Client(system.servers[0].ws_url, [TOPIC]) for _ in range(CLIENTS)]
    slow = [Client(system.servers[0].ws_url, [TOPIC], patience=ENDLESS) for _ in range(SLOW)]
    async with swarm([*healthy, *slow]):
        for one in slow:
            one.wire.stop_reading()
        plan = {"topics": [TOPIC], "pad": FRAME, "several": 0.0}
        await system.load(1, COUNT, RATE, prefix=name, **plan)
        assert not await system.written(1, name, 10 * COUNT / RATE)
        await system.settled()

        async def are_gone() -> bool:
            return (await system.control(0, "report"))["connections"] <= CLIENTS

        try:
            await async_wait_until(are_gone, GONE, "those who do not read are closed")
        except AssertionError as error:
            raise Violation(str(error)) from error
        ledger = system.base.read(head)
        expected = due(ledger, [TOPIC], head)
        await reached(healthy, lambda one: len(one.handed) >= len(expected), 20)
        check_clients(healthy, ledger)
        if any(one.connects > 1 for one in healthy):
            raise Violation("a client that reads lost its socket")
    for word in ("unexpectedly, starting it again", "was created in a different Context"):
        if word in system.servers[0].log():
            raise Violation(f"in the log: {word}")
    return len(expected)
