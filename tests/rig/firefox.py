"""A real Firefox, driven by tests/js/firefox.mjs."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.js.npm import install
from tests.rig.wait import PATIENCE

SCRIPT = Path(__file__).resolve().parents[1] / "js" / "firefox.mjs"


def find() -> Path | None:
    found = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
    return Path(found) if found else None


class Firefox:
    """A context manager. Its methods are the commands of the script; a tab is a number.

    Raises NotInstalled where what drives it cannot be had.
    """

    def __init__(self, program: Path) -> None:
        self._driver = install("puppeteer-core")
        self._program = program

    def __enter__(self) -> "Firefox":
        self._process = subprocess.Popen(
            ["node", str(SCRIPT), str(self._driver), str(self._program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *raised: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        finally:
            assert self._process.stdout is not None
            self._process.stdout.close()

    def __getattr__(self, command: str) -> Any:
        def run(*given: object) -> Any:
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.write(json.dumps([command, *given]) + "\n")
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline() or '{"error": "it has ended"}')
            assert "error" not in answer, f"{command}: {answer['error']}"
            return answer["result"]

        return run
