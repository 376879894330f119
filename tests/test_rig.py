"""The rig itself: what it starts can be stopped, frozen and killed, and nothing stays behind."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import psycopg
import pytest
import redis
from django.db import connection

from tests.rig import process, workspace
from tests.rig.log import unexpected
from tests.rig.ports import free_port, is_listening
from tests.rig.postgres import PostgresServer
from tests.rig.redis import RedisServer
from tests.rig.rounds import rounds
from tests.rig.server import ROOT, ServerProcess, Software
from tests.rig.stack import Stack
from tests.rig.wait import PATIENCE, async_wait_until, wait_until

STAND_IN = """
import logging
from django.conf import settings
settings.configure()

async def application(scope, receive, send):
    if scope["path"] == "/error":
        logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        logging.error("the stand-in was asked for an error")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})
"""
TRACEBACK = """\
2026-11-20 22:40:01,123 WARNING hub.relay: trouble
Traceback (most recent call last):
  File "x.py", line 1, in <module>
    boom()
ValueError: no
2026-11-20 22:40:02,123 INFO hub.relay: fine
"""


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A directory with a tiny application, which starts faster than the real one."""
    (tmp_path / "standin.py").write_text(STAND_IN)
    return tmp_path


def server_of(directory: Path, software: Software) -> ServerProcess:
    env = {"HUB_VAR": str(directory), "PYTHONPATH": str(directory)}
    return ServerProcess(env, software=software, application="standin:application", cwd=directory)


def get(url: str, timeout: float = PATIENCE) -> int:
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return int(answer.status)


def test_redis_comes_back_on_its_port_without_its_data(redis_server: RedisServer) -> None:
    client = redis.Redis.from_url(redis_server.url)
    client.set("a", "b")
    redis_server.stop()
    assert not is_listening(redis_server.port)
    redis_server.start()
    assert client.get("a") is None
    client.close()


def test_a_frozen_redis_answers_when_it_is_thawed(redis_server: RedisServer) -> None:
    hasty = redis.Redis.from_url(redis_server.url, socket_timeout=0.3, retry=None)
    redis_server.freeze()
    with pytest.raises(redis.TimeoutError):
        hasty.ping()
    hasty.close()
    redis_server.thaw()
    client = redis.Redis.from_url(redis_server.url)
    assert client.ping()
    client.close()


def test_a_killed_postgres_keeps_what_was_committed(postgres_server: PostgresServer) -> None:
    name = postgres_server.create_database()
    with psycopg.connect(postgres_server.url(name)) as session:
        session.execute("CREATE TABLE t AS SELECT 1 AS n")
    postgres_server.kill()
    wait_until(lambda: not is_listening(postgres_server.port))
    postgres_server.start()
    with psycopg.connect(postgres_server.url(name)) as session:
        assert session.execute("SELECT n FROM t").fetchone() == (1,)
    postgres_server.drop_database(name)


def test_a_database_is_a_copy_of_its_template(postgres_server: PostgresServer) -> None:
    filled = postgres_server.create_database()
    with psycopg.connect(postgres_server.url(filled)) as session:
        session.execute("CREATE TABLE t AS SELECT 7 AS n")
    copy = postgres_server.create_database(template=filled)
    with psycopg.connect(postgres_server.url(copy)) as session:
        assert session.execute("SELECT n FROM t").fetchone() == (7,)
    for name in (filled, copy):
        postgres_server.drop_database(name)
    assert not {filled, copy} & postgres_server.databases()


@pytest.mark.parametrize("software", ["daphne", "uvicorn", "gunicorn"])
def test_a_server_is_killed_and_started_again(stand_in: Path, software: Software) -> None:
    pytest.importorskip(software)  # two of them are absent from requirements.txt
    with server_of(stand_in, software) as server:
        server.kill()
        wait_until(lambda: not is_listening(server.port), what="the end of gunicorn's worker")
        server.start()
        server.wait_ready()
        assert get(server.url) == 200
    assert not is_listening(server.port)


def test_a_frozen_server_answers_when_it_is_thawed(stand_in: Path) -> None:
    with server_of(stand_in, "daphne") as server:
        server.freeze()
        with pytest.raises(TimeoutError):
            get(server.url, timeout=0.3)
        server.thaw()
        assert get(server.url) == 200


def test_an_error_in_a_servers_log_fails_the_test(stand_in: Path) -> None:
    with (
        pytest.raises(AssertionError, match="asked for an error"),
        server_of(stand_in, "daphne") as server,
    ):
        get(f"{server.url}/error")


def test_an_expected_error_does_not(stand_in: Path) -> None:
    with server_of(stand_in, "daphne") as server:
        server.expect_in_log("asked for an error")
        get(f"{server.url}/error")


def test_a_traceback_belongs_to_the_line_above_it() -> None:
    (entry,) = unexpected(TRACEBACK, [])
    assert entry.startswith("2026-11-20 22:40:01") and entry.endswith("ValueError: no")
    assert not unexpected(TRACEBACK, [r"WARNING hub\.relay: trouble"])
    assert not unexpected(TRACEBACK, ["^ValueError: no$"])


def test_a_condition_that_never_holds_names_what_was_awaited() -> None:
    with pytest.raises(AssertionError, match=r"not within 0\.1 s: rain"):
        wait_until(lambda: False, 0.1, "rain")


def test_one_round_in_time_keeps_a_promise() -> None:
    measured = iter([9.0, 2.0, 9.0])
    for took in rounds(2.0):
        took(next(measured))
    assert next(measured) == 9.0, "no further round"


def test_a_promise_that_no_round_keeps_fails_with_all_that_was_measured() -> None:
    with pytest.raises(AssertionError, match=r"promised: 2, measured: \[3\.0, 3\.0, 3\.0\]"):
        for took in rounds(2.0):
            took(3.0)


async def test_an_async_condition_is_awaited() -> None:
    answers = iter([False, "yes"])

    async def condition() -> object:
        return next(answers)

    assert await async_wait_until(condition) == "yes"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of a parent's death")
def test_nothing_outlives_a_killed_run(redis_server: RedisServer, tmp_path: Path) -> None:
    code = (
        "import threading\n"
        "from tests.rig.redis import RedisServer\n"
        "redis = RedisServer()\n"
        "redis.start()\n"
        "print(redis.port, redis.directory, flush=True)\n"
        "threading.Event().wait()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        port, directory = run.stdout.readline().split()
        assert is_listening(int(port))
        run.send_signal(signal.SIGKILL)
        run.wait()
    wait_until(lambda: not is_listening(int(port)))
    assert Path(directory).exists()
    workspace.sweep()
    assert not Path(directory).exists()


def test_what_a_run_started_ends_with_it(tmp_path: Path) -> None:
    started = process.Process(
        [sys.executable, "-c", "import threading; threading.Event().wait()"],
        log=tmp_path / "log",
        env=os.environ,
        cwd=tmp_path,
    )
    others = [other for other in process.running() if other is not started]
    process.kill_all([started])
    assert not started.is_running()
    assert process.running() == others


@pytest.mark.parametrize("processes", [1, 2])
def test_a_run_that_leaves_a_process_behind_fails_and_names_the_test(
    tmp_path: Path, processes: int
) -> None:
    if processes > 1:
        pytest.importorskip("xdist")  # absent from requirements.txt
    file = tmp_path / "test_careless.py"
    file.write_text(
        "import os, sys\n"
        "from tests.rig.process import Process\n"
        "def test_leaves(tmp_path):\n"
        "    sleep = 'import threading; threading.Event().wait()'\n"
        "    log = tmp_path / 'log'\n"
        "    Process([sys.executable, '-c', sleep], log=log, env={}, cwd=tmp_path)\n"
    )
    options = ["-q", "-p", "tests.conftest", "-p", "no:cacheprovider", "-c", "pyproject.toml"]
    if processes > 1:
        options += ["-n", str(processes)]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in run.stdout, run.stdout + run.stderr
    assert run.returncode == pytest.ExitCode.TESTS_FAILED
    line = next(line for line in run.stdout.splitlines() if "LEFT BEHIND" in line)
    assert "::test_leaves" in line
    pid = re.search(r"\(pid (\d+)\)", line)
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid[1]), 0)


def test_ports_are_not_given_twice() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == len(ports)


def test_a_system_is_ready_and_has_demo_data(stack: Stack) -> None:
    count = "from orders.models import User; print(User.objects.filter(username='ana').count())"
    assert stack.python(count).strip() == "1"
    assert "no issues" in stack.manage("check")
    assert [get(f"{server.url}/readyz") for server in stack.servers] == [200] * len(stack.servers)


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_postgres_pass_runs_on_postgres() -> None:
    assert connection.vendor == "postgresql"
