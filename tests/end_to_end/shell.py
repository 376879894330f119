"""A process beside the servers that runs what it is told: a `manage.py shell` that stays open."""

import contextlib
import io
import json
import subprocess
import sys
import traceback
from collections.abc import Iterator

from tests.rig.server import ROOT, environment
from tests.rig.stack import Stack


class Shell:
    """Runs code in the other process; for one thread at a time."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, code: str) -> str:
        """What the code printed. Each run starts with empty variables."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the shell has ended"
        answer = json.loads(line)
        assert not answer["error"], answer["error"]
        return str(answer["output"])


@contextlib.contextmanager
def shell_of(stack: Stack) -> Iterator[Shell]:
    """A shell for as long as the block takes; it ends when this process does, too."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.end_to_end.shell"],
        cwd=ROOT,
        env=environment(stack.env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:  # closes its input, which ends it, and waits
        yield Shell(process)


def _serve() -> None:
    import django

    django.setup()
    for line in sys.stdin:
        output, error = io.StringIO(), ""
        try:
            with contextlib.redirect_stdout(output):
                exec(json.loads(line), {})
        except Exception:
            error = traceback.format_exc()
        print(json.dumps({"output": output.getvalue(), "error": error}), flush=True)


if __name__ == "__main__":
    _serve()
