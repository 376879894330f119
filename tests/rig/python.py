"""Commands and code of the project in a Python process of their own."""

import subprocess
import sys
from collections.abc import Mapping

from tests.rig.server import ROOT, environment

SECRET = "only for tests on this machine, never for people"
_COMMAND = 120  # seconds a command may take, on a busy machine


def run_python(env: Mapping[str, str], *arguments: str) -> str:
    """Run `python` with the arguments; what it printed. AssertionError, with that, if it fails."""
    child = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        printed, complained = child.communicate(timeout=_COMMAND)
    except BaseException:  # an interrupt, too: `subprocess.run` would not wait for the end then
        child.kill()
        child.communicate()
        raise
    if child.returncode:
        raise AssertionError(f"python {' '.join(arguments)}:\n{printed}{complained}")
    return printed
