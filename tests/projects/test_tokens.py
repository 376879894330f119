"""The hub beside Django REST framework and JWTs."""

from pathlib import Path

import pytest

from tests.projects.running import TOKENS, run, run_tests

pytest.importorskip("rest_framework_simplejwt")


def test_clients_with_tokens_of_their_own_get_tickets(tmp_path: Path) -> None:
    run_tests(TOKENS, "-p", "hub.pytest_plugin", TOKENS_DATABASE=tmp_path / "tokens.sqlite3")


def test_such_a_project_has_nothing_to_correct(tmp_path: Path) -> None:
    done = run(TOKENS, "manage.py", "check", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stdout + done.stderr
