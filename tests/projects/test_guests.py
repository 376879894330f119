"""The hub beside django-allauth."""

from pathlib import Path

from tests.projects.running import GUESTS, run, run_tests


def test_people_sign_up_with_allauth(tmp_path: Path) -> None:
    run_tests(GUESTS, "-p", "hub.pytest_plugin", GUESTS_DATABASE=tmp_path / "guests.sqlite3")


def test_such_a_project_has_nothing_to_correct(tmp_path: Path) -> None:
    done = run(GUESTS, "manage.py", "check", "--fail-level", "INFO")
    assert done.returncode == 0, done.stdout + done.stderr
