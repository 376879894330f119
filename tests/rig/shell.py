"""Code of the project in processes beside the servers, each forked from one that has Django set up.

Setting Django up takes a second of a core; a test that needs three such processes would spend
them before it does anything.

    python -m tests.rig.shell    reads code from stdin, a JSON string a line; answers each on stdout

There is one such process at a time, for the environment that was last asked for.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping

from tests.rig.server import ROOT, environment

_DEADLINE = 120.0  # seconds that code may take, on a busy machine


def run_code(env: Mapping[str, str], code: str) -> str:
    """Run code in a process with this environment; what it printed.

    AssertionError, with that, if it raises.
    """
    global _shell
    if _shell is None or _shell.env != env:
        close()
        _shell = _Shell(env)
    return _shell.run(code)


def close(env: Mapping[str, str] | None = None) -> None:
    """End the process that others are forked from; with `env`, only if it has this environment."""
    global _shell
    if _shell is not None and env in (None, _shell.env):
        _shell.close()
        _shell = None


class _Shell:
    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = dict(env)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.rig.shell"],
            cwd=ROOT,
            env=environment(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, code: str) -> str:
        assert self._process.stdin is not None and self._process.stdout is not None
        ends = threading.Timer(_DEADLINE, self._kill)
        ends.start()
        try:
            print(json.dumps(code), file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BaseException:  # an interrupt, too
            self._kill()
            raise
        finally:
            ends.cancel()
        if not answer:
            raise AssertionError(f"ended, or took {_DEADLINE:g} s:\n{code}")
        failed, printed = json.loads(answer)
        if failed:
            raise AssertionError(f"{code}\n{printed}")
        return str(printed)

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _kill(self) -> None:
        """With what it has forked."""
        os.killpg(self._process.pid, signal.SIGKILL)


_shell: _Shell | None = None


def main() -> None:
    import django

    django.setup()
    for line in sys.stdin:
        with tempfile.TemporaryFile("w+") as printed:
            if (child := os.fork()) == 0:
                os._exit(_run(json.loads(line), printed.fileno()))
            _, status = os.waitpid(child, 0)
            printed.seek(0)
            print(json.dumps([status, printed.read()]), flush=True)


def _run(code: str, printed: int) -> int:
    for descriptor in (1, 2):
        os.dup2(printed, descriptor)
    try:
        exec(compile(code, "<code>", "exec"), {"__name__": "__main__"})
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    main()
