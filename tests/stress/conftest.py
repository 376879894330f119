"""Fixtures of the stress tests: one base for the run, one pair of servers for most scenarios."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.rig import workspace
from tests.rig.postgres import PostgresServer
from tests.rig.redis import RedisServer
from tests.stress import leaks, table
from tests.stress.scale import QUICK, SEED, scaled
from tests.stress.system import Base, System, system_on

# In small, two files run at a time: the long ones first, so that both processes end together.
LONGEST_FIRST = (
    "broken",
    "5_",
    "7_",
    "10_",
    "12_",
    "9_rights",
    "9_frames",
    "6_",
    "2_",
    "3_",
    "1_",
    "8_",
    "4_",
)
CROWD = scaled(100, 500)  # clients of one server in the largest scenario on the pair


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        name = item.path.name.removeprefix("test_")
        turns = (turn for turn, start in enumerate(LONGEST_FIRST) if name.startswith(start))
        return next(turns, len(LONGEST_FIRST))

    if QUICK:
        items.sort(key=place)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """One of several processes: give the lines to the one that shows them."""
    if (given := getattr(session.config, "workeroutput", None)) is not None:
        given["table"] = table.rows


@pytest.hookimpl(optionalhook=True)  # there is none such without pytest-xdist's plugin
def pytest_testnodedown(node: Any) -> None:
    table.rows.extend(map(tuple, getattr(node, "workeroutput", {}).get("table", ())))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if table.rows:
        terminalreporter.section(f"stress, {'QUICK=1, ' if QUICK else ''}SEED={SEED}")
        table.rows.sort(key=lambda row: row[0])  # several processes: by scenario
        width = [max(len(row[column]) for row in table.rows) for column in range(4)]
        for row in table.rows:
            cells = (cell.ljust(size) for cell, size in zip(row, width, strict=True))
            terminalreporter.write_line("  ".join(cells).rstrip())
        table.write()


@pytest.fixture(scope="session")
def base(postgres_server: PostgresServer) -> Iterator[Base]:
    var = workspace.make_directory("stress")
    with RedisServer() as redis:
        yield Base(postgres_server, redis, var)


@pytest.fixture(scope="session")
def pair(base: Base) -> Iterator[System]:
    """Two Daphne servers, shared by the scenarios that leave them as they were."""
    with system_on(base) as system:
        yield system


@pytest.fixture(scope="session")
def warmed() -> set[int]:
    """Those of the pair that have had their first crowd."""
    return set()


@pytest.fixture(scope="session")
def patients(base: Base) -> Iterator[System]:
    """Two servers on a database of their own, for builds that are broken on purpose."""
    with system_on(base.sibling(), name="patient") as system:
        for server in system.servers:
            # Nothing else: a broken build that only crashes would prove nothing.
            server.expect_in_log("fails on purpose", "declaring a new epoch")
        yield system


@pytest.fixture
async def system(pair: System, warmed: set[int]) -> AsyncIterator[System]:
    """The pair, without faults; its leaks are looked for afterwards."""
    await pair.faults()
    lines = []
    for index in range(len(pair.servers)):
        if index not in warmed:
            await leaks.warm(pair, index, CROWD)
            warmed.add(index)
        await pair.control(index, "forget")
        lines.append(await leaks.line_of(pair, index))
    yield pair
    await pair.faults()
    await asyncio.gather(*(leaks.check(pair, index, line) for index, line in enumerate(lines)))
