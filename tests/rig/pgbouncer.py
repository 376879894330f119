"""A real PgBouncer that pools transactions in front of a PostgreSQL."""

import os
import shutil
from pathlib import Path

from tests.rig import workspace
from tests.rig.ports import free_port, is_listening
from tests.rig.postgres import ROLE, PostgresServer
from tests.rig.process import Process
from tests.rig.wait import wait_until

_UNPRIVILEGED = "nobody"  # PgBouncer refuses to run as root
SERVER_CONNECTIONS = 10  # fewer than its clients have, so that sessions change hands

CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={server}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {most}
max_client_conn = 500
"""


def find() -> Path | None:
    found = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/bin:" + os.defpath)
    return Path(found) if found else None


class PgBouncer:
    """A context manager. Every client is the role of the tests."""

    def __init__(self, postgres: PostgresServer) -> None:
        program = find()
        if program is None:
            raise FileNotFoundError("no pgbouncer: install the system's package")
        self._program = program
        self._directory = workspace.make_directory("pgbouncer")
        self.port = free_port()
        configuration = CONFIGURATION.format(
            server=f"{postgres.port} user={ROLE}", port=self.port, most=SERVER_CONNECTIONS
        )
        self._file = self._directory / "pgbouncer.ini"
        self._file.write_text(configuration)
        self._user = _UNPRIVILEGED if os.geteuid() == 0 else None
        self._directory.chmod(0o755)

    def __enter__(self) -> "PgBouncer":
        self._process = Process(
            [self._program, self._file],
            log=self._directory / "log",
            env={"PATH": os.defpath},
            cwd=self._directory,
            user=self._user,
        )
        wait_until(self._answers, what=self.log)
        return self

    def __exit__(self, *raised: object) -> None:
        self._process.terminate()
        workspace.remove_directory(self._directory)

    def log(self) -> str:
        return (self._directory / "log").read_text(errors="replace")

    def _answers(self) -> bool:
        if not self._process.is_running():
            raise RuntimeError(f"pgbouncer ended:\n{self.log()}")
        return is_listening(self.port)
