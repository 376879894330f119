"""Writes facts in every shape that applications use, some of them rolled back."""

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from tests.stress.facts.models import Fact

_never = threading.Event()


class RolledBack(Exception):
    """Raised on purpose at the end of a transaction."""


@dataclass
class Plan:
    """What one transaction does; all of it follows from the seed and the transaction's number.

    `pause`: at most so many seconds between the writes and the commit. `rolled_back`: the share
    of transactions that end so. `several`: the share that writes more than one fact.
    """

    seed: int
    prefix: str
    topics: Sequence[str]
    pause: float = 0.0
    rolled_back: float = 0.0
    several: float = 0.3
    pad: int = 0


def write(plan: Plan, number: int) -> None:
    """One transaction, as a view, a command or a shell makes it: committed or rolled back."""
    chosen = random.Random(f"{plan.seed}:{plan.prefix}:{number}")
    many = chosen.randint(2, 4) if chosen.random() < plan.several else 1
    facts = [
        Fact(
            key=f"{plan.prefix}-{number}-{index}",
            topic=chosen.choice(plan.topics),
            pad="x" * plan.pad,
        )
        for index in range(many)
    ]
    fails = chosen.random() < plan.rolled_back
    pause = chosen.uniform(0, plan.pause)
    shape = chosen.choice(("rows", "bulk", "savepoint"))
    if many == 1 and not fails and not pause:
        facts[0].save()  # plain autocommit
        return
    try:
        with transaction.atomic():
            _write(facts, shape)
            if pause:
                _never.wait(pause)
            if fails:
                raise RolledBack
    except RolledBack:
        return


def _write(facts: list[Fact], shape: str) -> None:
    if shape == "bulk":
        Fact.objects.bulk_create(facts)
        return
    for fact in facts:
        fact.save()
    if shape == "savepoint":
        undone = transaction.savepoint()
        Fact(key=f"{facts[0].key}-undone", topic=facts[0].topic).save()
        transaction.savepoint_rollback(undone)


class Load:
    """Writes in the background of a server process: `count` transactions at `rate` a second."""

    def __init__(self, plan: Plan, count: int, rate: float) -> None:
        self.left = count
        self.errors: list[str] = []
        self._plan, self._count, self._rate = plan, count, rate
        self._stopped = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        for number in range(self._count):
            if self._stopped.wait(1 / self._rate):
                break
            try:
                write(self._plan, number)
            except Exception as error:  # The database is away: the fact was not committed.
                self.errors.append(repr(error)[:200])
                connection.close()
            self.left -= 1
        self.left = 0
        connection.close()
