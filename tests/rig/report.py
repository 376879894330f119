"""The last lines of a run: what was not tested, what was tried twice, what was left running.

A pytest plugin. In a run of several processes (pytest-xdist), each hands what it noted to the one
that prints.
"""

import os
from typing import Any, Literal, NoReturn

import pytest

from tests.rig import process, shell, workspace

not_tested: set[str] = set()  # reasons
_left_behind: list[str] = []


@pytest.hookimpl(trylast=True)  # after the fixtures' own ends
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """End what a test left running; a run that went well until here fails for it."""
    _left_behind.extend(str(one) for one in process.running())
    if _left_behind and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    process.kill_all()
    shell.close()
    workspace.remove_all()
    if (given := getattr(session.config, "workeroutput", None)) is not None:
        given["not_tested"], given["left_behind"] = sorted(not_tested), _left_behind


@pytest.hookimpl(optionalhook=True)  # there is none such without pytest-xdist
def pytest_testnodedown(node: Any) -> None:
    given = getattr(node, "workeroutput", {})
    not_tested.update(given.get("not_tested", ()))
    _left_behind.extend(given.get("left_behind", ()))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    def shout(line: str) -> None:
        terminalreporter.write_line(line, red=True, bold=True)

    for reason in sorted(not_tested):
        shout(f"NOT TESTED: {reason}")
    for report in terminalreporter.stats.get("rerun", ()):
        shout(f"TRIED TWICE: {report.nodeid}")
        terminalreporter.write_line(report.longreprtext)
    for line in _left_behind:
        shout(f"LEFT BEHIND: {line}")


def is_on(variable: str) -> bool:
    """Whether this variable of the environment asks for what it names."""
    return os.environ.get(variable, "") not in ("", "0")


def lack(what: Literal["servers", "browser"], reason: str) -> NoReturn:
    """Skip, loudly, a test whose real server or browser this machine does not have; or fail."""
    if is_on(f"HUB_REQUIRE_{what.upper()}"):
        pytest.fail(reason, pytrace=False)
    not_tested.add(f"{reason} (or: make test)")
    pytest.skip(reason)
