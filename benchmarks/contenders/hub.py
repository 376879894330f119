"""The hub: its whole project, from a checkout, on one of the three servers."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.contenders.asgi import KEEP_ALIVE, NAMES, ON_PATH, running
from benchmarks.contenders.contender import Contender
from tests.rig import workspace
from tests.rig.server import FRAMES, ROOT, ServerProcess, Software, environment

APPLICATION = "served.hub:application"
SECRET = "only for benchmarks on this machine, never for people"
TOPIC = "product.1"  # everybody may subscribe to it
PRODUCT = """
import django; django.setup()
from orders.models import Product
Product.objects.create(pk=1, name="Teapot", slug="teapot", description="", price=29)
"""


class Site:
    """A database with one product, and what servers on it are given.

    `checkout`: another version of the project, to measure beside this one.
    """

    def __init__(self, env: Mapping[str, str], checkout: Path = ROOT, var: Path | None = None):
        self.checkout = checkout
        self.var = workspace.make_directory("site")
        if var is not None:
            shutil.copytree(var, self.var, dirs_exist_ok=True)
        self.env = {
            "HUB_VAR": str(self.var),
            "SECRET_KEY": SECRET,
            "DJANGO_SETTINGS_MODULE": "served.settings",
            "PYTHONPATH": f"{checkout}:{ON_PATH}",
            **env,
        }

    def python(self, *arguments: str) -> str:
        """Run Python beside the servers; what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            env=environment(self.env),
            cwd=self.checkout,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"python {arguments[:3]}:\n{done.stderr[-3000:]}")
        return done.stdout

    def migrate(self) -> None:
        self.python("manage.py", "migrate", "--verbosity=0")
        self.python("-c", PRODUCT)

    def serve(
        self, software: Software, options: Sequence[str] = ()
    ) -> AbstractContextManager[ServerProcess]:
        server = ServerProcess(
            self.env,
            software=software,
            options=[*KEEP_ALIVE[software], *options],
            application=APPLICATION,
            cwd=self.checkout,
        )
        return running(server)

    def remove(self) -> None:
        workspace.remove_directory(self.var)


@cache
def embedded_template(checkout: Path = ROOT) -> Path:
    """A folder with a migrated SQLite database, made once per run."""
    site = Site({}, checkout)
    site.migrate()
    return site.var


@contextmanager
def embedded(
    software: Software, env: dict[str, str], checkout: Path, options: Sequence[str] = ()
) -> Iterator[ServerProcess]:
    """A server on SQLite, on a fresh copy of the database."""
    site = Site(env, checkout, embedded_template(checkout))
    try:
        with site.serve(software, options) as server:
            yield server
    finally:
        site.remove()


def fan_out(
    software: Software,
    redis_url: str,
    *,
    runs: bool,
    frames: bool = False,
    checkout: Path = ROOT,
    label: str = "the hub",
) -> Contender:
    """Everybody on one topic; SQLite and Redis. `frames`: the server writes finished ones."""
    name = f"{label}, {'runs' if runs else 'single events'}, {NAMES[software]}"
    name += " with finished frames" if frames else ""
    options: dict[str, Any] = {"topics": [TOPIC], "runs": runs}
    given = FRAMES[software] if frames else []
    return Contender(
        name,
        lambda: embedded(software, {"REDIS_URL": redis_url}, checkout, given),
        dialect="hub",
        options=options,
    )
