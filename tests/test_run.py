"""`make run`, without make: the steps before serving, what it prints, what it refuses."""

import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.rig.ports import free_port
from tests.rig.postgres import PostgresServer
from tests.rig.process import Process
from tests.rig.python import SECRET
from tests.rig.redis import RedisServer
from tests.rig.server import ROOT, environment
from tests.rig.wait import PATIENCE, wait_until

_START = 120  # seconds on a busy machine: migrating and filling an empty database is part of it


class Run:
    """One `make run` on a port of its own."""

    def __init__(self, directory: Path, env: Mapping[str, str]) -> None:
        self.port = int(env.get("PORT") or free_port())
        self._log = directory / f"run-{free_port()}.log"
        self.process = Process(
            [sys.executable, "-m", "asgi.run"],
            log=self._log,
            env=environment({"HUB_VAR": str(directory), "PORT": str(self.port), **env}),
            cwd=ROOT,
        )

    def log(self) -> str:
        return self._log.read_text()

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.log(), _START, lambda: f"{text!r} in:\n{self.log()}")

    def refusal(self) -> str:
        """What it says when it ends without having served."""
        assert self.process.wait(_START) == 1
        assert "Traceback" not in self.log()
        return self.log()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start(**env: str) -> Run:
        runs.append(Run(tmp_path, env))
        return runs[-1]

    yield start
    for one in runs:
        if one.process.is_running():
            one.process.terminate()


def test_an_empty_directory_becomes_a_shop(run: Callable[..., Run]) -> None:
    shop = run()
    shop.wait_for(f"==> Ready: http://127.0.0.1:{shop.port}/")
    for line in ("ana / demo", "ben / demo", "admin / demo"):
        shop.wait_for(line)
    with urllib.request.urlopen(f"http://127.0.0.1:{shop.port}/", timeout=PATIENCE) as page:
        assert page.status == 200
    shop.process.terminate()
    shop.wait_for("==> Stopped")


def test_a_port_in_use_is_reported(run: Callable[..., Run]) -> None:
    first = run()
    first.wait_for("==> Ready")
    assert f"port {first.port} is taken" in run(PORT=str(first.port)).refusal()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://x"),
        ("HOST", "192.0.2.1"),
        ("REDIS_URL", "http://x"),
        ("SECRET_KEY", "x"),
    ],
)
def test_a_wrong_setting_is_reported(run: Callable[..., Run], name: str, value: str) -> None:
    assert name in run(**{name: value}).refusal()


@pytest.mark.parametrize(
    "env",
    [{"SITE_URL": "https://shop.example"}, {"HOST": "0.0.0.0"}],
    ids=["https", "all addresses"],
)
def test_a_site_that_others_may_reach_gets_no_demo_data(
    run: Callable[..., Run], env: dict[str, str]
) -> None:
    shop = run(**env)
    shop.wait_for("There are no users yet, and no demo data here")
    shop.wait_for("make an admin with: .venv/bin/python manage.py createsuperuser")
    assert "/ demo" not in shop.log()


def test_two_that_start_at_once_in_an_empty_directory_both_serve(run: Callable[..., Run]) -> None:
    both = [run(), run()]
    for one in both:
        one.wait_for("==> Ready")
    assert "".join(one.log() for one in both).count("Filling the empty shop") == 1


def test_two_that_start_at_once_on_an_empty_database_both_serve(
    run: Callable[..., Run], postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    name = postgres_server.create_database()
    env = {
        "DATABASE_URL": postgres_server.url(name),
        "REDIS_URL": redis_server.url,
        "SECRET_KEY": SECRET,
    }
    both = [run(**env), run(**env)]
    for one in both:
        one.wait_for("==> Ready")
        one.wait_for("There are no users yet, and no demo data here")
    for one in both:
        one.process.terminate()
    postgres_server.drop_database(name)
