"""A process that writes facts, numbers and sends them, and is killed -9 again and again.

`python -m tests.stress.dying '{"count": …, "deaths": …, "plan": {…}}'` forks one life after the
other until so many transactions were tried, and prints what it did as JSON. Half of the lives
end at a random time, the others right after a random statement or commit.
"""

import asyncio
import json
import mmap
import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import django
import msgspec

django.setup()

from django.db import connection  # noqa: E402
from django.db.backends.signals import connection_created  # noqa: E402

from tests.stress.facts.writing import Plan, write  # noqa: E402

WRITERS = 4  # threads of one life
STATEMENTS = 250  # a life that is counted ends after at most so many
_never = threading.Event()


class Progress:
    """How many transactions were begun, in memory that outlives each life."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 8)
        self._lock = threading.Lock()

    @property
    def begun(self) -> int:
        return int.from_bytes(self._shared[:8], "little")

    def next(self, until: int) -> int | None:
        """The number of a further transaction, below `until`."""
        with self._lock:
            number = self.begun
            if number >= until:
                return None
            self._shared[:8] = (number + 1).to_bytes(8, "little")
            return number


def main(count: int, deaths: int, plan: Plan) -> dict[str, int]:
    """Live and die until the work is done. A life's share of the work makes the deaths come."""
    progress, chance = Progress(), random.Random(f"{plan.seed}:deaths")
    died = lives = 0
    share = max(1, count // (deaths + 1))
    while progress.begun < count:
        lives += 1
        until = min(count, (died + 1) * share) if died < deaths else count
        mortal = died < deaths
        steps = chance.randint(1, STATEMENTS) if mortal and chance.random() < 0.5 else 0
        pid = os.fork()
        if pid == 0:
            live(progress, until, plan, steps, mortal)
        if mortal and not steps:
            while progress.begun < until - share + 1:
                _never.wait(0.001)
            _never.wait(chance.uniform(0, 0.25))
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        died += os.WIFSIGNALED(status)
        assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "a life ended by itself"
    return {"tried": progress.begun, "deaths": died, "lives": lives}


def live(progress: Progress, until: int, plan: Plan, steps: int, mortal: bool) -> None:
    """Write in threads beside a hub that numbers and sends; never returns.

    A mortal one that finishes its share first kills itself then.
    """
    code = 1
    try:
        if steps:
            _die_after(steps)
        asyncio.run(_work(progress, until, plan, mortal))
        code = 0
    finally:
        os._exit(code)


async def _work(progress: Progress, until: int, plan: Plan, mortal: bool) -> None:
    from tests.stress.application import hub

    hub.runtime()

    def writer() -> None:
        while (number := progress.next(until)) is not None:
            write(plan, number)
        connection.close()

    await asyncio.gather(*(asyncio.to_thread(writer) for _ in range(WRITERS)))
    if mortal:
        os.kill(os.getpid(), signal.SIGKILL)
    await hub.stop()


def _die_after(steps: int) -> None:
    """Count every statement and commit of this life, those of the relay included."""
    left, lock = steps, threading.Lock()

    def count() -> None:
        nonlocal left
        with lock:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def counted(execute: Callable[..., Any], *statement: Any) -> Any:
        result = execute(*statement)
        count()
        return result

    def watch(connection: Any, **kwargs: Any) -> None:
        if counted in connection.execute_wrappers:
            return
        connection.execute_wrappers.append(counted)
        commit = connection.commit

        def counted_commit() -> None:
            commit()
            count()

        connection.commit = counted_commit

    connection_created.connect(watch, weak=False, dispatch_uid="stress.dying")


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    asked["plan"] = msgspec.convert(asked["plan"], Plan)
    print(json.dumps(main(**asked)))
