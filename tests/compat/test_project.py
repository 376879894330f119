"""A project written against the hub of commit fce9714 passes its own tests unchanged."""

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parent / "project"
ROOT = PROJECT.parents[2]


def test_a_project_written_against_an_earlier_hub_still_works(tmp_path: Path) -> None:
    environment = {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DJANGO_", "PYTEST_"))
        },
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(PROJECT)]),
        "DESK_DATABASE": str(tmp_path / "desk.sqlite3"),
    }
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
