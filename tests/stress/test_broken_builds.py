"""The checkers themselves: each build that is broken on purpose is caught, the right one is not."""

from collections.abc import AsyncIterator, Awaitable, Callable

import psycopg
import pytest

from tests.stress import table
from tests.stress.ledger import Violation
from tests.stress.rehearsal import deliver, leave, revoke_while_connecting
from tests.stress.system import Base, System, system_on

DELIVERING = {
    "numbers_by_id": {},
    "sends_before_commit": {"undone": 0.3},
    "one_statement": {"sql_delay": 0.003},  # so that two processes meet in the lock
    "ignores_holes": {"drop": 0.1, "reorder": 0.1},
    "replays_before_it_registers": {"resets": 0.4},
    "believes_forgers": {"forged": True},
}
TIMES = 16  # people who connect while they lose a right
REHEARSALS = 5  # at most


@pytest.fixture
async def patient(patients: System) -> AsyncIterator[System]:
    """The servers, right again afterwards: a broken build may leave the head below a position."""
    yield patients
    await patients.faults()
    with psycopg.connect(patients.base.database) as session:
        session.execute(
            "UPDATE hub_log SET head = greatest(head, (SELECT max(position) FROM hub_event))"
        )


async def test_the_right_build_passes(patient: System) -> None:
    faults = {"undone": 0.3, "drop": 0.1, "reorder": 0.1, "sql_delay": 0.003}
    await deliver(patient, "right", resets=0.4, forged=True, **faults)
    await revoke_while_connecting(patient, "rightly", times=TIMES)


@pytest.mark.parametrize("build", DELIVERING)
async def test_a_broken_build_is_caught(patient: System, build: str) -> None:
    await assert_caught(
        build, lambda name: deliver(patient, name, broken=build, **DELIVERING[build])
    )


async def test_a_build_that_authorizes_before_it_registers_is_caught(patient: System) -> None:
    build = "authorizes_before_it_registers"
    await assert_caught(
        build, lambda name: revoke_while_connecting(patient, name, times=TIMES, broken=build)
    )


async def test_a_build_that_lets_servers_cancel_requests_is_caught(base: Base) -> None:
    build = "lets_servers_cancel_requests"
    options = ["--application-close-timeout", "1"]
    with system_on(base.sibling(), servers=1, options=options, name="cancelled") as system:
        await system.faults(broken=build)
        await assert_caught(build, lambda name: leave(system))
        system.servers[0].expect_in_log("CancelledError", "PoolTimeout")


async def assert_caught(build: str, rehearse: Callable[[str], Awaitable[object]]) -> None:
    """A race that a broken build loses only now and then is rehearsed until it is lost."""
    for number in range(REHEARSALS):
        try:
            await rehearse(f"{build}-{number}")
        except Violation as violation:
            table.show("broken", build, str(violation)[:60], "caught")
            return
    pytest.fail(f"{build} passed {REHEARSALS} rehearsals")
