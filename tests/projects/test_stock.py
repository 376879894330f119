"""The hub in a project with Django's own user model, and with other models of users."""

import json
from pathlib import Path

import pytest

from tests.projects.running import STOCK, run, run_tests

USERS = ["auth.User", "accounts.KeyedUser", "accounts.NamelessUser"]


@pytest.mark.parametrize("user", USERS)
def test_the_hub_works_with_the_user_model_that_a_project_has(user: str, tmp_path: Path) -> None:
    run_tests(STOCK, STOCK_USER=user, STOCK_DATABASE=tmp_path / "stock.sqlite3")


def test_a_project_without_time_zones_is_no_different(tmp_path: Path) -> None:
    run_tests(STOCK, STOCK_NAIVE="1", STOCK_DATABASE=tmp_path / "stock.sqlite3")


def test_such_a_project_has_nothing_to_correct_and_nothing_to_migrate(tmp_path: Path) -> None:
    for command in (["check", "--fail-level", "WARNING"], ["makemigrations", "--check"]):
        done = run(STOCK, "manage.py", *command, STOCK_DATABASE=tmp_path / "stock.sqlite3")
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("engine", "user"), [("sqlite", "accounts.KeyedUser"), ("postgresql", "auth.User")]
)
def test_models_of_other_packages_and_their_events_are_stored_together_or_not_at_all(
    engine: str, user: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    variables = {"STOCK_USER": user, "STOCK_DATABASE": str(tmp_path / "stock.sqlite3")}
    if engine == "postgresql":
        server = request.getfixturevalue("postgres_server")
        variables["DATABASE_URL"] = server.url(server.create_database())
        assert run(STOCK, "manage.py", "migrate", **variables).returncode == 0
    for arguments in (["manage.py", "migrate", "--run-syncdb"], ["dying.py"]):
        done = run(STOCK, *arguments, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) > 10


def test_a_second_database_can_be_migrated_after_the_one_that_has_the_log(tmp_path: Path) -> None:
    databases = {"STOCK_DATABASE": tmp_path / "default", "STOCK_OTHER": tmp_path / "other"}
    for command in (["migrate"], ["hub_epoch", "--new"], ["migrate", "--database", "other"]):
        done = run(STOCK, "manage.py", *command, **databases)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("writer", [1, 2])
def test_an_event_of_another_version_is_shown_everywhere(writer: int, tmp_path: Path) -> None:
    database = {"STOCK_DATABASE": tmp_path / "stock.sqlite3"}
    steps = [
        ["manage.py", "migrate", "--run-syncdb"],
        ["versions.py", "publish", str(writer)],
        ["versions.py", "read", str(3 - writer)],
    ]
    for arguments in steps:
        done = run(STOCK, *arguments, **database)
        assert done.returncode == 0, done.stdout + done.stderr
    title = "Paid 7" if writer == 1 else "Paid 7 EUR"
    assert json.loads(done.stdout) == {
        "inbox": title,
        "page": True,
        "bell": 1,
        "emails": [title],
        "socket": title,
    }


PUBLISH_BESIDE = """
import os; os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django; django.setup()
import hub
from desk.events import TicketAnswered
from django.db import transaction
with transaction.atomic(using="other"):
    hub.publish(TicketAnswered(ticket=1), "user.1")
"""


def test_a_transaction_of_another_database_is_named(tmp_path: Path) -> None:
    databases = {"STOCK_DATABASE": tmp_path / "default", "STOCK_OTHER": tmp_path / "other"}
    done = run(STOCK, "-c", PUBLISH_BESIDE, **databases)
    assert "NotAtomic: the transaction is one of the database 'other'" in done.stderr
