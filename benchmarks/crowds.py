"""The load generator's process, as the harness sees it."""

import json
import subprocess
import sys
from types import TracebackType
from typing import Any

from benchmarks.cores import LOAD, on
from tests.rig.server import ROOT, environment

WAVE = 200  # clients that connect at the same time, where connecting is not what is measured


class CrowdProcess:
    """Clients of one server, on a core of their own; a context manager. See `benchmarks/load`."""

    def __init__(self, port: int, dialect: str, size: int, goal: int | None = None, **options: Any):
        with on(LOAD):
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.load"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                env=environment({}),
            )
        self._spec = {
            "port": port,
            "dialect": dialect,
            "options": options,
            "size": size,
            "goal": goal,
        }

    def __enter__(self) -> "CrowdProcess":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def connect(self, at_once: int = WAVE) -> dict[str, Any]:
        """Connect, at most so many at the same time, and wait until all are welcome."""
        return self._ask({**self._spec, "at_once": at_once})

    def do(self, what: str, **arguments: Any) -> dict[str, Any]:
        """One of the commands of `benchmarks/load/__main__.py`."""
        return self._ask({"do": what, **arguments})

    def begin(self, what: str, **arguments: Any) -> None:
        """Ask without waiting; see `answer`."""
        self._send({"do": what, **arguments})

    def answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the load generator ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._send(asked)
        return self.answer()

    def _send(self, asked: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
