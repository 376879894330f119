"""Runs the tests that are written in JavaScript, beside this file, as one test."""

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def test_the_browsers_logic_holds_without_a_browser(node):
    files = sorted(str(file) for file in HERE.glob("*.test.js"))
    assert files
    ran = subprocess.run(
        [node, "--test", "--test-reporter=spec", *files],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    if ran.returncode:
        pytest.fail(ran.stdout + ran.stderr, pytrace=False)
