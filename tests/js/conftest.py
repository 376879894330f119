"""Node for the tests of the browser's logic; where it is missing, a loud last line says so."""

import shutil
import subprocess

import pytest

OLDEST = (20, 19)  # from here on, Node sees by itself that a plain .js file is a module
_missing: list[str] = []


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
    _missing.append(reason)
    pytest.skip(reason)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reason in _missing:
        terminalreporter.write_line(f"NOT TESTED: {reason}", red=True, bold=True)
