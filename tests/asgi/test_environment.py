"""The environment's variables: which values are accepted, and how others are refused."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from asgi import environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def given(monkeypatch):
    return lambda value: monkeypatch.setenv("NAME", value)


def load(
    var: Path,
    script: str = "from asgi import settings; print(settings.SECRET_KEY)",
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own, with this environment only."""
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HUB_VAR": str(var), **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: environment.flag("NAME", False), "perhaps"),
        (lambda: environment.port("NAME", 8000), "70000"),
        (lambda: environment.port("NAME", 8000), "eighty"),
        (lambda: environment.port("NAME", 8000), "²"),
        (lambda: environment.count("NAME", 0), "-1"),
        (lambda: environment.https_header("NAME"), "X-Forwarded-Proto: https"),
        (lambda: environment.origins("NAME"), "shop.example"),
        (lambda: environment.origins("NAME"), "https://shop.example/path"),
        (lambda: environment.site_url("NAME", ""), "shop.example"),
        (lambda: environment.database("NAME"), "mysql://me:secret@db/shop"),
        (lambda: environment.database("NAME"), "secret"),
        (lambda: environment.database("NAME"), "postgresql://me:secret@db"),
        (lambda: environment.database("NAME"), "postgresql://me:secret@db:port/shop"),
        (lambda: environment.redis_host("NAME"), "http://:secret@redis"),
        (lambda: environment.redis_host("NAME"), "sentinel://:secret@redis"),
        (lambda: environment.email("NAME", ROOT), "mailto://me:secret@mail"),
    ],
)
def test_a_bad_value_is_refused_by_name_without_showing_a_password(given, read, value):
    given(value)
    with pytest.raises(ImproperlyConfigured, match=r"^NAME: expected .+, got .+") as refusal:
        read()
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_variable_counts_as_unset(given, value):
    given(value)
    assert environment.flag("NAME", True) is True
    assert environment.port("NAME", 8000) == 8000
    assert environment.database("NAME") is None
    assert environment.names("NAME", "a, b") == ["a", "b"]


def test_a_database_url_is_parsed(given):
    given("postgresql://me:p%40ss@db.example:6432/shop?sslmode=require")
    found = environment.database("NAME")
    assert (found["USER"], found["PASSWORD"], found["HOST"]) == ("me", "p@ss", "db.example")
    assert (found["PORT"], found["NAME"]) == (6432, "shop")
    assert found["OPTIONS"] == {"sslmode": "require"}


def test_the_embedded_secret_is_made_once_and_readable_by_its_owner_only(tmp_path):
    first, second = load(tmp_path), load(tmp_path)
    assert first.returncode == 0, first.stderr
    assert len(first.stdout.strip()) >= 50
    assert first.stdout == second.stdout
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["db.sqlite3", "secret_key"]


def test_two_processes_that_start_at_once_share_one_secret(tmp_path, monkeypatch):
    path = tmp_path / "secret_key"
    path.write_text("x" * 50)
    monkeypatch.setattr(Path, "exists", lambda self: False)  # checked before the file was there
    assert environment.own_secret(path) == "x" * 50
    assert sorted(os.listdir(tmp_path)) == ["secret_key"]


def test_a_shared_database_needs_a_secret(tmp_path):
    refused = load(tmp_path, DATABASE_URL="postgresql://me@db/shop")
    assert refused.returncode != 0
    assert "SECRET_KEY: expected" in refused.stderr
    assert load(tmp_path, DATABASE_URL="postgresql://me@db/shop", SECRET_KEY="s" * 50).stdout


@pytest.mark.parametrize("weak", ["x", "s" * 31, "django-insecure-" + "s" * 50])
@pytest.mark.parametrize("database", [{}, {"DATABASE_URL": "postgresql://me@db/shop"}])
def test_a_secret_that_can_be_guessed_is_refused_and_not_shown(tmp_path, weak, database):
    refused = load(tmp_path, SECRET_KEY=weak, **database)
    assert refused.returncode != 0
    assert "SECRET_KEY: expected" in refused.stderr
    assert "sss" not in refused.stderr


def test_former_secrets_are_read_separated_by_commas(tmp_path):
    script = "from asgi import settings; print(settings.SECRET_KEY_FALLBACKS)"
    former = ["f" * 40, "g" * 40]
    loaded = load(tmp_path, script, SECRET_KEY="s" * 50, SECRET_KEY_FALLBACKS=", ".join(former))
    assert loaded.stdout.strip() == str(former)
    assert load(tmp_path, script).stdout.strip() == "[]"


def test_a_folder_that_others_could_read_becomes_private(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    folder.mkdir(mode=0o755)
    environment.private_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_file_that_others_could_read_becomes_private(tmp_path: Path) -> None:
    file = tmp_path / "db.sqlite3"
    file.write_text("kept")
    file.chmod(0o644)
    assert environment.private_file(file).stat().st_mode & 0o777 == 0o600
    assert file.read_text() == "kept"


def test_a_first_start_writes_files_for_their_owner_only(tmp_path: Path) -> None:
    script = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'asgi.settings'\n"
        "import django; django.setup()\n"
        "from asgi import run\n"
        "with run._one_at_a_time(): run._prepare()"
    )
    made = load(tmp_path, script)
    assert made.returncode == 0, made.stderr
    for name in ("db.sqlite3", "run.lock", "secret_key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600, name
