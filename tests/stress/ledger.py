"""What was committed, what the log says of it, and whether that is what the clients handed on.

The checkers are pure: `read` queries, the rest compares. They raise Violation, which the tests of
broken builds await.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import psycopg

from tests.stress.client import Client

SHOWN = 8  # items of a difference that a violation names


class Violation(AssertionError):
    """A promise of the hub was not kept."""


class Row(NamedTuple):
    position: int | None
    key: str
    topic: str


class Ledger(NamedTuple):
    """`facts`: key → topic, what the application committed. `rows`: the log's events, by id."""

    facts: dict[str, str]
    rows: list[Row]
    head: int


def read(database: str, after: int = 0) -> Ledger:
    """The ledger of a database; of the log's events of facts those above a position."""
    with psycopg.connect(database) as session:
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # all of one moment
        facts = dict(session.execute("SELECT key, topic FROM facts_fact").fetchall())
        rows = session.execute(
            "SELECT position, coalesce(('{' || frame)::json -> 'data' ->> 'fact', type), topic"
            " FROM hub_event WHERE position IS NULL OR position > %s ORDER BY position",
            [after],
        ).fetchall()
        (head,) = session.execute("SELECT head FROM hub_log").fetchone() or (0,)
    return Ledger(facts, [Row(*row) for row in rows], head)


def check_log(ledger: Ledger, after: int, prefix: str) -> None:
    """Positions without a hole, and one event for each committed fact, none for another.

    `prefix`: of the facts' keys that were written after this position, up to a dash.
    """
    prefix = f"{prefix}-"  # those of scenario 1 are not those of scenario 11
    waiting = [row for row in ledger.rows if row.position is None]
    if waiting:
        raise Violation(f"{len(waiting)} committed events have no position")
    positions = [row.position for row in ledger.rows]
    expected = list(range(after + 1, ledger.head + 1))
    if positions != expected:
        holes = sorted(set(expected) - set(positions))[:SHOWN]
        beyond = sorted(set(positions) - set(expected))[:SHOWN]
        raise Violation(f"positions have holes at {holes}, and are beyond the head: {beyond}")
    told = Counter(row.key for row in ledger.rows if row.key.startswith(prefix))
    facts = {key for key in ledger.facts if key.startswith(prefix)}
    _same("the log against the committed facts", sorted(told.elements()), sorted(facts))


def due(ledger: Ledger, topics: Collection[str], after: int) -> list[tuple[int, str]]:
    """(position, key) of all that a client on these topics must have handed on, in order."""
    return [
        (row.position, row.key)
        for row in ledger.rows
        if row.position is not None and row.position > after and row.topic in topics
    ]


def is_beginning(client: Client, ledger: Ledger) -> bool:
    """What it has handed on so far is the beginning of what is due: all of it may still come."""
    handed = [(one.position, one.key) for one in client.handed if one.position <= ledger.head]
    return handed == due(ledger, client.topics, client.start)[: len(handed)]


def check_client(client: Client, ledger: Ledger) -> None:
    """It handed on exactly what was due, in the log's order, each once."""
    if client.wrong:
        raise Violation(f"{len(client.wrong)} wrong frames: {client.wrong[:SHOWN]}")
    handed = [(one.position, one.key) for one in client.handed]
    _same("a client against the log", handed, due(ledger, client.topics, client.start))


def check_clients(clients: Iterable[Client], ledger: Ledger) -> None:
    for client in clients:
        check_client(client, ledger)
        if client.unrecovered:
            raise Violation(f"a client could not resume: {client.unrecovered}")


def _same(what: str, seen: Sequence[object], expected: Sequence[object]) -> None:
    if seen == expected:
        return
    missing, phantom = Counter(expected) - Counter(seen), Counter(seen) - Counter(expected)
    if not missing and not phantom:
        raise Violation(f"{what}: the order differs")
    raise Violation(
        f"{what}: {missing.total()} missing, such as {list(missing)[:SHOWN]}; "
        f"{phantom.total()} too many, such as {list(phantom)[:SHOWN]}"
    )
