"""`make` in a fresh clone."""

import shutil
from pathlib import Path

import pytest

from tests.rig.process import Process
from tests.rig.server import ROOT, environment

STARTED = 120  # seconds, on a busy machine


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
def test_two_that_start_in_one_clone_make_one_environment(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.txt").write_text("")
    logs = [tmp_path / "first.log", tmp_path / "second.log"]
    both = [
        Process(["make", ".venv/run.stamp"], log=log, env=environment({}), cwd=tmp_path)
        for log in logs
    ]
    assert [one.wait(STARTED) for one in both] == [0, 0], [log.read_text() for log in logs]
    said = "".join(log.read_text() for log in logs)
    assert said.count("==> Making .venv") == 1
    assert said.count("==> Installing") == 1
