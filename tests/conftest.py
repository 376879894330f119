"""Fixtures and rules for all tests.

The rig (`tests/rig`) starts real servers and a real browser. What a machine lacks is skipped with
a line at the end that cannot be missed; HUB_REQUIRE_SERVERS=1 and HUB_REQUIRE_BROWSER=1 turn that
into failures. HUB_SECOND_TRY=1 gives the tests with real servers or a browser a second try, but for
those marked `once`, and names at the end each that needed it.

Browser tests are sync functions and run last, in `make test` in a pass of their own: playwright's
sync interface leaves an event loop running in the thread, under which no async test could start its
own and Django refuses its database.
"""

import ast
import contextlib
import signal
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.rig import browser as rig_browser
from tests.rig import postgres as rig_postgres
from tests.rig import redis as rig_redis
from tests.rig import report
from tests.rig.browser import Browsers
from tests.rig.postgres import PostgresServer
from tests.rig.redis import RedisServer
from tests.rig.stack import Stack, cluster_stack, embedded_stack
from tests.rig.template import Template
from tests.rig.wait import PATIENCE

_SERVERS = {
    *("embedded", "cluster", "stack", "template", "redis_server", "postgres_server"),
    *("shared_embedded", "shared_cluster", "shared_stack"),
}
# Each but the last starts playwright, which keeps the thread's event loop; the last is as slow.
_BROWSERS = {"browser_as", "browser", "browser_type", "playwright", "firefox"}
# Not in requirements.txt.
_DEVELOPMENT = {
    "aiosmtpd",
    "gunicorn",
    "hypothesis",
    "playwright",
    "prometheus_client",
    "psutil",
    "uvicorn",
}


# Rules


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(report)
    # A run that is told to end does end its servers.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _set_patience()
    # Hashing demo passwords as slowly as real ones need it would double the tests' time.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _set_patience() -> None:
    """How long the tools wait, and that a busy machine is no failure of what they test."""
    if find_spec("hypothesis") is not None:
        from hypothesis import HealthCheck
        from hypothesis import settings as hypothesis_settings

        # The same examples in every run: one that fails does so where it can be looked into.
        hypothesis_settings.register_profile(
            "here",
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        )
        hypothesis_settings.load_profile("here")
    if find_spec("playwright") is not None:
        from playwright.sync_api import expect

        expect.set_options(timeout=PATIENCE * 1000)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out, loudly, a file that imports at its top what only requirements-dev.txt brings."""
    if collection_path.suffix != ".py":
        return None
    lacking = {name for name in _imports(collection_path) & _DEVELOPMENT if find_spec(name) is None}
    if not lacking:
        return None
    names = ", ".join(sorted(lacking))
    report.not_tested.add(
        f"{collection_path.name} needs {names}: pip install -r requirements-dev.txt"
    )
    return True


def _imports(file: Path) -> set[str]:
    """The packages that a file imports at its top level."""
    names: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark users of the rig's fixtures, before `-m` chooses."""
    names = set(getattr(item, "fixturenames", ()))
    if names & _SERVERS:
        item.add_marker(pytest.mark.servers)
    if names & _BROWSERS:
        item.add_marker(pytest.mark.browser)
    once = item.get_closest_marker("once")
    if report.is_on("HUB_SECOND_TRY") and names & (_SERVERS | _BROWSERS) and not once:
        item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    on_postgres = "postgresql" in settings.DATABASES["default"]["ENGINE"]
    left = [] if on_postgres else [item for item in items if item.get_closest_marker("postgres")]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]
        report.not_tested.add(
            f"{len(left)} tests need PostgreSQL in this process: `make test` runs them"
        )
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


# Databases and files of this process


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The SQLite test database is this run's own file: two runs do not meet."""
    database = settings.DATABASES["default"]
    if "sqlite3" in database["ENGINE"]:
        database.setdefault("TEST", {})["NAME"] = str(
            tmp_path_factory.mktemp("database") / "test.sqlite3"
        )


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The test database, emptied quickly between tests that commit."""
    from tests.rig import emptying  # it needs the models

    with django_db_blocker.unblock():
        emptying.install()


@pytest.fixture(scope="session", autouse=True)
def own_media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Uploads of in-process tests go to a directory of this run's own."""
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        yield


@pytest.fixture(scope="session", autouse=True)
def static_files_found_once() -> None:
    """Not each test client looks for them."""
    if "servestatic" in settings.INSTALLED_APPS:
        from tests.rig import static_files

        static_files.install()


# Real servers


@pytest.fixture(scope="session")
def template() -> Template:
    """Databases with demo data, to copy from."""
    return Template()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL for the whole run; stop it only after `create_database` of your own."""
    if rig_postgres.find() is None:
        report.lack("servers", "no PostgreSQL: pip install -r requirements-dev.txt")
    with PostgresServer() as server:
        yield server


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A Redis of the test's own, to stop, start and freeze."""
    with _redis() as server:
        yield server


def _redis() -> RedisServer:
    if rig_redis.find() is None:
        report.lack("servers", "no redis-server: pip install -r requirements-dev.txt")
    return RedisServer()


@pytest.fixture
def embedded(template: Template) -> Iterator[Stack]:
    """One Daphne on SQLite and the in-memory layer, with demo data."""
    with embedded_stack(template) as stack:
        yield stack


@pytest.fixture
def cluster(
    template: Template, postgres_server: PostgresServer, redis_server: RedisServer
) -> Iterator[Stack]:
    """Two Daphne processes on PostgreSQL and Redis, with demo data."""
    with cluster_stack(template, postgres_server, redis_server) as stack:
        yield stack


@pytest.fixture(params=["embedded", "cluster"])
def stack(request: pytest.FixtureRequest) -> Stack:
    """Each kind of system in turn."""
    made: Stack = request.getfixturevalue(request.param)
    return made


@pytest.fixture(scope="module")
def shared_embedded(template: Template) -> Iterator[Stack]:
    """As `embedded`, one for all tests of a module: each leaves it as it found it."""
    with embedded_stack(template) as stack:
        yield stack


@pytest.fixture(scope="module")
def shared_cluster(template: Template, postgres_server: PostgresServer) -> Iterator[Stack]:
    """As `cluster`, one for all tests of a module: each leaves it as it found it."""
    with _redis() as redis, cluster_stack(template, postgres_server, redis) as stack:
        yield stack


@pytest.fixture(scope="module", params=["embedded", "cluster"])
def shared_stack(request: pytest.FixtureRequest) -> Stack:
    """Each kind of system in turn, one for all tests of a module."""
    made: Stack = request.getfixturevalue(f"shared_{request.param}")
    return made


# A real browser


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Which browser playwright starts, and how."""
    program = rig_browser.find()
    if program is None:
        report.lack("browser", "no Chromium: install the system's package, or set CHROMIUM to one")
    return rig_browser.launch_options(program)


@pytest.fixture
def browser_as(request: pytest.FixtureRequest) -> Iterator[Browsers]:
    """`browser_as(server, "ana")`: a page of a logged-in person, in a context of its own.

    Console errors and uncaught exceptions fail the test; `browser_as.allow(...)` names exceptions.
    """
    if find_spec("pytest_playwright") is None:
        report.lack("browser", "no playwright: pip install -r requirements-dev.txt")
    with contextlib.closing(Browsers(request.getfixturevalue("browser"))) as browsers:
        yield browsers
        complaints = browsers.complaints()
    assert not complaints, "the browser complained:\n" + "\n".join(complaints)
