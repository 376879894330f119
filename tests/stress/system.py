"""The system under test: servers with a control, on one PostgreSQL and one Redis."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from tests.rig import workspace
from tests.rig.postgres import PostgresServer
from tests.rig.python import SECRET
from tests.rig.redis import RedisServer
from tests.rig.server import ROOT, ServerProcess, Software, environment
from tests.rig.stack import Stack
from tests.rig.wait import PATIENCE, async_wait_until
from tests.stress import ledger
from tests.stress.ledger import Ledger
from tests.stress.scale import SEED, scaled

BY_NOTIFY = os.environ.get("HINTS") == "postgres"  # instead of Redis
APPLICATION = "tests.stress.application:application"
LOOK = 0.1  # seconds between two questions: they take the servers' time, too
ANSWER = 30.0  # seconds for the control's answer


class Base:
    """A migrated database on a PostgreSQL, and a Redis: systems are started on it.

    `template`: an earlier base's, to copy instead of migrating again.
    """

    def __init__(
        self, postgres: PostgresServer, redis: RedisServer, var: Path, template: str = ""
    ) -> None:
        self.postgres = postgres
        self.redis = redis
        self.var = var
        self.template = template or postgres.create_database()
        self.env: dict[str, str] = {
            "DJANGO_SETTINGS_MODULE": "tests.stress.settings",
            "HUB_VAR": str(var),
            "SECRET_KEY": SECRET,
            **({"HINTS": "postgres"} if BY_NOTIFY else {"REDIS_URL": redis.url}),
        }
        if not template:
            empty = {**self.env, "DATABASE_URL": postgres.url(self.template)}
            Stack("cluster", empty).manage("migrate", "--run-syncdb", "--verbosity=0")
        self.database = postgres.url(postgres.create_database(template=self.template))
        self.env["DATABASE_URL"] = self.database
        self.stack = Stack("cluster", self.env)  # for processes beside the servers

    def sibling(self) -> "Base":
        """Another database beside this one, with nothing in it."""
        return Base(self.postgres, self.redis, self.var, self.template)

    def read(self, after: int = 0) -> Ledger:
        return ledger.read(self.database, after)


class System:
    """Running servers, and their controls."""

    def __init__(self, base: Base, servers: Sequence[ServerProcess]) -> None:
        self.base = base
        self.servers = list(servers)

    async def control(self, index: int, name: str, /, **asked: Any) -> Any:
        """What one server answers (see `tests.stress.control`)."""
        return await asyncio.to_thread(self.ask, index, name, **asked)

    def ask(self, index: int, name: str, /, **asked: Any) -> Any:
        request = urllib.request.Request(
            f"{self.servers[index].url}/stress/{name}", json.dumps(asked).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=ANSWER) as answer:
            return json.load(answer)

    async def faults(self, **changes: Any) -> None:
        """Set these faults in every server; without arguments, none is left."""
        for index, server in enumerate(self.servers):
            if server.is_running():
                await self.control(index, "faults", seed=SEED + index, **changes)

    async def load(
        self,
        index: int,
        count: int,
        rate: float,
        *,
        prefix: str,
        topics: Sequence[str],
        **plan: Any,
    ) -> None:
        """Begin to write facts inside a server."""
        full = {"seed": SEED, "prefix": prefix, "topics": list(topics), **plan}
        await self.control(index, "load", name=prefix, count=count, rate=rate, plan=full)

    async def written(self, index: int, prefix: str, within: float) -> list[str]:
        """Wait until a load is done; the errors that it met."""
        within = scaled(max(within, PATIENCE), within)

        async def is_done() -> bool:
            await asyncio.sleep(LOOK)
            return not (await self.control(index, "report"))["left"][prefix]

        await async_wait_until(is_done, within, f"the load {prefix}")
        return list((await self.control(index, "report"))["errors"][prefix])

    async def freeze_in_lock(self, index: int, topic: str = "open.frozen") -> None:
        """Let a server stop itself (SIGSTOP) while it holds the log's lock; `thaw` it later."""
        name = f"frozen-{time.monotonic_ns()}"
        await self.load(index, 1_000, 20, prefix=name, topics=[topic])
        await self.control(index, "freeze")
        pid = self.servers[index].pid

        def is_stopped() -> bool:
            return psutil.Process(pid).status() == psutil.STATUS_STOPPED

        await async_wait_until(is_stopped, 10, "the server stops in its lock")

    async def thaw(self, index: int) -> None:
        self.servers[index].thaw()
        await self.control(index, "stop", prefix="frozen-")

    async def settled(self, within: float = scaled(PATIENCE, 10.0)) -> int:
        """Wait until everything committed has a position and every server followed; the head."""
        seen = ""

        async def head() -> list[int]:
            nonlocal seen
            await asyncio.sleep(LOOK)
            read = await asyncio.to_thread(self.base.read)
            waiting = sum(row.position is None for row in read.rows)
            positions = [
                (await self.control(index, "report"))["position"]
                for index, server in enumerate(self.servers)
                if server.is_running()
            ]
            seen = f"head {read.head}, {waiting} waiting, followers at {positions}"
            return [] if waiting or min(positions) < read.head else [read.head]

        (found,) = await async_wait_until(head, within, lambda: f"the log settles: {seen}")
        return int(found)


@contextlib.contextmanager
def system_on(
    base: Base,
    *,
    servers: int = 2,
    software: Software = "daphne",
    options: Sequence[str] = (),
    hub: Mapping[str, int] | None = None,
    name: str = "web",
) -> Iterator[System]:
    """Servers on the base's database. `options` are more arguments of the server software; `hub`
    overrides limits, as `settings.HUB` does."""
    var = workspace.make_directory(name)
    env = {**base.env, "HUB_VAR": str(var), "STRESS_HUB": json.dumps(dict(hub or {}))}
    with contextlib.ExitStack() as ends:
        started = [
            ServerProcess(
                env,
                software=software,
                options=options,
                application=APPLICATION,
                name=f"{name}{number}",
            )
            for number in range(1, servers + 1)
        ]
        for server in started:
            server.start()
            ends.callback(_end, server)
        for server in started:
            server.wait_ready()
        yield System(base, started)
    for server in started:
        server.assert_log_clean()
    workspace.remove_directory(var)


def _end(server: ServerProcess) -> None:
    if server.is_running():
        server.thaw()
        server.terminate()


async def run_beside(system: System, module: str, *arguments: str) -> str:
    """Run a module in a process beside the servers; what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        cwd=ROOT,
        env=environment(system.base.env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        printed, complained = await process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)  # its children, too
        await process.wait()
        raise
    assert process.returncode == 0, complained.decode()
    return printed.decode()
