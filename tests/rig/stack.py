"""The whole system as people run it: servers, their database, their Redis, demo data.

*Embedded* is one process on SQLite with the in-memory layer; *cluster* is two processes on
PostgreSQL and Redis. Both start from a copy of a database that was migrated and filled once.
"""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.rig import shell, workspace
from tests.rig.postgres import PostgresServer
from tests.rig.python import SECRET, run_python
from tests.rig.redis import RedisServer
from tests.rig.server import ServerProcess, Software
from tests.rig.template import Template


@dataclass
class Stack:
    """A running system. `env` is what its processes were given; more of them may join in."""

    kind: Literal["embedded", "cluster"]
    env: Mapping[str, str]
    servers: list[ServerProcess] = field(default_factory=list)
    redis: RedisServer | None = None
    postgres: PostgresServer | None = None

    @property
    def server(self) -> ServerProcess:
        """The first server."""
        return self.servers[0]

    @property
    def url(self) -> str:
        return self.server.url

    def manage(self, *arguments: str) -> str:
        """Run a manage.py command beside the servers; what it printed."""
        return run_python(self.env, "manage.py", *arguments)

    def python(self, code: str) -> str:
        """Run Python code, with Django set up, in a process beside the servers; what it printed."""
        return shell.run_code(self.env, code)


@contextlib.contextmanager
def embedded_stack(
    template: Template,
    *,
    software: Software = "daphne",
    options: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> Iterator[Stack]:
    """One server on SQLite, with its own copy of the demo data. `env` overrides its settings."""
    var = _copy_of(template.embedded())
    settings = {"HUB_VAR": str(var), "SECRET_KEY": SECRET, **(env or {})}
    stack = Stack("embedded", settings)
    with ServerProcess(settings, software=software, options=options) as server:
        stack.servers.append(server)
        yield stack
    shell.close(settings)
    workspace.remove_directory(var)


@contextlib.contextmanager
def cluster_stack(
    template: Template,
    postgres: PostgresServer,
    redis: RedisServer | None,
    *,
    software: Software = "daphne",
    options: Sequence[str] = (),
    servers: int = 2,
    postgres_port: int | None = None,
    hints_port: int | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[Stack]:
    """Servers on one PostgreSQL database and one Redis, with demo data; without Redis: on NOTIFY.

    `postgres_port`: where they find PostgreSQL, if that is a proxy; `hints_port`: where to listen.
    """
    filled, database = template.cluster(postgres)
    name = postgres.create_database(template=database)
    var = _copy_of(filled)
    settings = {
        "HUB_VAR": str(var),
        "SECRET_KEY": SECRET,
        "DATABASE_URL": postgres.url(name, postgres_port),
        **({"REDIS_URL": redis.url} if redis else {}),
        **({"HINTS_URL": postgres.url(name, hints_port)} if hints_port else {}),
        **(env or {}),
    }
    stack = Stack("cluster", settings, redis=redis, postgres=postgres)
    with contextlib.ExitStack() as ends:
        for number in range(1, servers + 1):
            server = ServerProcess(
                settings, software=software, options=options, name=f"web{number}"
            )
            stack.servers.append(server)
            server.start()  # all at once; entering waits
            ends.callback(_end_quietly, server)
        for server in stack.servers:
            server.wait_ready()
        yield stack
        for server in stack.servers:
            if server.is_running():
                server.terminate()
        for server in stack.servers:
            server.assert_log_clean()
    shell.close(settings)
    postgres.drop_database(name)
    workspace.remove_directory(var)


def _end_quietly(server: ServerProcess) -> None:
    """After a failure: the test's own error is the one to show."""
    if server.is_running():
        server.kill()


def _copy_of(var: Path) -> Path:
    copy = workspace.make_directory("var")
    shutil.copytree(var, copy, dirs_exist_ok=True)
    return copy


@contextlib.asynccontextmanager
async def in_thread(
    making: contextlib.AbstractContextManager[Stack],
) -> AsyncIterator[Stack]:
    """A stack that starts and ends beside what the event loop has to do, such as a proxy."""
    stack = await asyncio.to_thread(making.__enter__)
    try:
        yield stack
    finally:
        await asyncio.to_thread(making.__exit__, None, None, None)
