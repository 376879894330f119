"""Peers in Python: stock Channels, python-socketio, django-eventstream, and the floor."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from benchmarks.contenders.contender import Contender, Missing
from benchmarks.contenders.programs import Program, program
from benchmarks.cores import SERVER, on
from tests.rig import workspace
from tests.rig.server import ROOT, ServerProcess, Software, environment

ON_PATH = str(ROOT / "benchmarks")
LAYERS = {
    "core": "channels_redis.core.RedisChannelLayer",
    "pub/sub": "channels_redis.pubsub.RedisPubSubChannelLayer",
}
NAMES = {"daphne": "Daphne", "uvicorn": "Uvicorn", "gunicorn": "gunicorn"}


def stock(software: Software, layer: str, redis_url: str) -> Contender:
    env = {"STOCK_LAYER": LAYERS[layer], "REDIS_URL": redis_url}
    name = f"stock Channels, {layer} layer, {NAMES[software]}"
    return Contender(name, _starter("served.stock:application", software, env), slow=True)


def socketio(redis_url: str) -> Contender:
    """Raises Missing."""
    _need("socketio", "python-socketio")
    start = _starter("served.socketio_app:application", "uvicorn", {"REDIS_URL": redis_url})
    path = "/socket.io/?EIO=4&transport=websocket"
    return Contender("python-socketio, Uvicorn", start, dialect="socketio", path=path)


def eventstream(software: Software = "uvicorn") -> Contender:
    """Raises Missing."""
    _need("django_eventstream", "django-eventstream")
    name = f"django-eventstream, {NAMES[software]}"
    start = _starter("served.eventstream_app:application", software, {})
    return Contender(name, start, dialect="eventstream", path="/events/", slow=True)


def floor(together: int = 1) -> Contender:
    """asyncio alone; with `together`, that many events in each write."""
    name = "asyncio, transport.write" + (f" of {together} events" if together > 1 else "")
    return Contender(name, lambda: _floor(together))


def _floor(together: int) -> AbstractContextManager[Program]:
    def command(port: int, second: int, folder: Path) -> list[str]:
        return [sys.executable, "-m", "served.floor", str(port), str(together)]

    return program(command, environment({"PYTHONPATH": ON_PATH}))


# The publisher's connection is idle while its events are on their way, which may take long.
KEEP_ALIVE: dict[Software, list[str]] = {
    "daphne": [],
    "uvicorn": ["--timeout-keep-alive", "300"],
    "gunicorn": ["--keep-alive", "300"],
}


def _starter(
    application: str, software: Software, env: dict[str, str]
) -> Callable[[], AbstractContextManager[ServerProcess]]:
    return lambda: serve(application, software, env)


@contextmanager
def serve(
    application: str, software: Software, env: dict[str, str], var: Path | None = None
) -> Iterator[ServerProcess]:
    """A peer's application on one of the ASGI servers, as the hub is served."""
    folder = workspace.make_directory("peer")
    if var is not None:
        shutil.copytree(var, folder, dirs_exist_ok=True)
    given = {"HUB_VAR": str(folder), "PYTHONPATH": ON_PATH, **env}
    given["DJANGO_SETTINGS_MODULE"] = ""
    try:
        made = ServerProcess(
            given, software=software, options=KEEP_ALIVE[software], application=application
        )
        with running(made) as server:
            yield server
    finally:
        workspace.remove_directory(folder)


@contextmanager
def running(server: ServerProcess) -> Iterator[ServerProcess]:
    """The server, started on its core and ready; it is killed at the end."""
    with on(SERVER):
        server.start()
    try:
        server.wait_ready()
        yield server
    finally:
        if server.is_running():
            server.kill()


def _need(module: str, package: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise Missing(f"{package}: make bench installs it (benchmarks/requirements.txt)")


def run(code: str, env: dict[str, str]) -> str:
    """What a few lines print in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment({"PYTHONPATH": ON_PATH, **env}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
