"""Runs programs inside a project that is not this one."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STOCK = Path(__file__).parent / "stock"
PLAIN = Path(__file__).parent / "plain"
GUESTS = Path(__file__).parent / "guests"
TOKENS = Path(__file__).parent / "tokens"

# Of this process, which may be the shop's tests: a project of its own must not see them.
_OURS = ("DJANGO_", "PYTEST_", "HUB_", "STOCK_")
_OUR_NAMES = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SITE_URL"}


def run(
    project: Path, *arguments: str | Path, **variables: str | Path
) -> subprocess.CompletedProcess[str]:
    """`python arguments…` in the project's folder, with the hub on the path; what came of it.

    `variables` are set in its environment.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_OURS) and name not in _OUR_NAMES
    }
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=project,
        env={
            **inherited,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(project)]),
            **{name: str(value) for name, value in variables.items()},
        },
        capture_output=True,
        text=True,
        check=False,
    )


def run_tests(project: Path, *arguments: str | Path, **variables: str | Path) -> None:
    """The project's own tests must pass; `arguments` are further ones for pytest."""
    done = run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
