"""One real server of the project: Daphne, Uvicorn or gunicorn on a free port of loopback."""

import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from tests.rig.log import unexpected
from tests.rig.ports import free_port
from tests.rig.process import Process
from tests.rig.wait import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = "asgi.application:application"
Software = Literal["daphne", "uvicorn", "gunicorn"]

_READY = 60.0  # seconds from the start to the first 200 of /readyz, on a busy machine
_BACKLOG = 4096  # connections waiting to be accepted, as `make run` sets it
# As docs/configuration.md recommends them: what these two put together before the hub sees it is no
# larger than with Daphne, and nothing is inflated.
_MESSAGE = str(1024 * 1024)  # bytes
UVICORN = ["--ws-max-size", _MESSAGE, "--ws-per-message-deflate", "false"]
GUNICORN = ["--worker-class", "asgi", "--websocket-max-message-size", _MESSAGE]
# Options with which they write finished frames.
FRAMES: dict[Software, list[str]] = {
    "uvicorn": ["--ws", "hub.servers.uvicorn:FrameProtocol"],
    "gunicorn": ["--worker-class", "hub.servers.gunicorn.FrameWorker"],
}


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """What a child process is given: `extra`, and none of this process's own settings."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "tests.rig.settings",
        "MALLOC_ARENA_MAX": "2",  # as the Procfile has it
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
        **extra,
    }


class ServerProcess:
    """A server of `application`; a context manager that ends by checking the log.

    `options` are further command line arguments of the server software. `env` goes on top of a
    clean environment. It must name HUB_VAR, the directory that stands for `var/`; the log is
    written into it.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        *,
        software: Software = "daphne",
        options: Sequence[str] = (),
        application: str = APPLICATION,
        cwd: Path = ROOT,
        name: str = "web",
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws/"
        self.software = software
        self._options = options
        self._application = application
        self._cwd = cwd
        self._env = environment({"HOST": "127.0.0.1", "PORT": str(self.port), **env})
        self._log = Path(env["HUB_VAR"]) / f"{name}.log"
        self._expected: list[str] = []
        self._process: Process | None = None

    def __enter__(self) -> "ServerProcess":
        self.start()
        self.wait_ready()
        return self

    def __exit__(self, kind: type[BaseException] | None, *raised: object) -> None:
        if self._process is not None:
            self.terminate()
        if kind is None:  # else the test's own failure is the one to show
            self.assert_log_clean()

    def start(self) -> None:
        """Start it, on the same port each time, without waiting; see `wait_ready`."""
        self._process = Process(
            [sys.executable, "-m", self.software, *self._arguments(), self._application],
            log=self._log,
            env=self._env,
            cwd=self._cwd,
        )

    def wait_ready(self, deadline: float = _READY) -> None:
        """Wait until /readyz answers 200; the first request also starts the hub on Daphne."""
        wait_until(
            self._is_ready, deadline, lambda: f"{self.url}/readyz is 200; log:\n{self.log()}"
        )

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def serving_pid(self) -> int:
        """The process that serves: of gunicorn, the child of the one that was started."""
        if self.software != "gunicorn":
            return self.pid
        import psutil  # comes with requirements-dev.txt, as gunicorn does

        [worker] = psutil.Process(self.pid).children()
        return int(worker.pid)

    def is_running(self) -> bool:
        return self._process is not None and self._process.is_running()

    def terminate(self, deadline: float = PATIENCE) -> int:
        """SIGTERM, as a deploy does it; the exit code. AssertionError after `deadline` seconds."""
        process, self._process = self._running(), None
        return process.terminate(deadline=deadline)

    def kill(self) -> None:
        """SIGKILL: nothing is said to anybody."""
        process, self._process = self._running(), None
        process.kill()

    def send(self, number: signal.Signals) -> None:
        self._running().send(number)

    def wait(self, deadline: float = PATIENCE) -> int:
        """Wait until it has ended by itself; the exit code."""
        process, self._process = self._running(), None
        return process.wait(deadline)

    def freeze(self) -> None:
        """SIGSTOP: its connections and locks stay, nothing answers."""
        self._running().freeze()

    def thaw(self) -> None:
        self._running().thaw()

    def log(self) -> str:
        """All it has written, over every start."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def expect_in_log(self, *patterns: str) -> None:
        """Allow errors that match one of these regular expressions, for the rest of the test."""
        self._expected.extend(patterns)

    def assert_log_clean(self) -> None:
        """Fail when the log has an error or a traceback that nobody expected."""
        if found := unexpected(self.log(), self._expected):
            raise AssertionError(f"in the log of {self.url}:\n" + "\n".join(found))

    def _arguments(self) -> list[str]:
        backlog = ["--backlog", str(_BACKLOG)]
        match self.software:
            case "daphne":
                endpoint = f"tcp:port={self.port}:interface=127.0.0.1:backlog={_BACKLOG}"
                return ["-e", endpoint, *self._options]
            case "uvicorn":
                address = ["--host", "127.0.0.1", "--port", str(self.port)]
                return [*address, *backlog, *UVICORN, *self._options]
            case "gunicorn":
                # Its control socket would lie in the home directory, one for all servers.
                address = ["--bind", f"127.0.0.1:{self.port}", "--no-control-socket"]
                return [*address, *backlog, *GUNICORN, *self._options]

    def _running(self) -> Process:
        assert self._process is not None, "this server is not started"
        return self._process

    def _is_ready(self) -> bool:
        if not self._running().is_running():
            raise RuntimeError(f"{self.software} ended before it was ready:\n{self.log()}")
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False
