"""A project written against the hub of commit fce9714 passes its own tests unchanged."""

from pathlib import Path

from tests.projects.running import run_tests

PROJECT = Path(__file__).parent / "project"


def test_a_project_written_against_an_earlier_hub_still_works(tmp_path: Path) -> None:
    run_tests(PROJECT, DESK_DATABASE=tmp_path / "desk.sqlite3")
