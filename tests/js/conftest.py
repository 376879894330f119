"""Node for the tests of the browser's logic; where it is missing, a loud last line says so."""

import shutil
import subprocess

import pytest

from tests.rig.report import not_tested

OLDEST = (20, 19)  # from here on, Node sees by itself that a plain .js file is a module


@pytest.fixture
def node() -> str:
    """The path of a Node that is new enough."""
    found = shutil.which("node")
    reason = f"the browser's logic needs Node {OLDEST[0]}.{OLDEST[1]} or newer on the path"
    if found is not None:
        printed = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
        version = printed.stdout.strip().removeprefix("v")
        if tuple(int(part) for part in version.split(".")[:2]) >= OLDEST:
            return found
        reason += f", not {version}"
    not_tested.add(reason)
    pytest.skip(reason)
