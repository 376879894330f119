"""Migrated databases with demo data, made once for a state of the code and copied for each stack.

They lie below `.pytest_cache/`, for all processes and runs that find the same code; those that
nobody used for a day are removed.
"""

import contextlib
import fcntl
import hashlib
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.rig import workspace
from tests.rig.postgres import PostgresServer
from tests.rig.python import SECRET, run_python
from tests.rig.server import ROOT

_KEPT = ROOT / ".pytest_cache" / "templates"
_CODE = ("manage.py", "requirements.txt", "asgi", "frontend", "hub", "orders", "tests/rig")
_UNUSED = 24 * 3600  # seconds

# As after the first look at the shop: else each stack's first page makes them.
_SMALL_PICTURES = """
import django; django.setup()
from django.core.files.storage import default_storage
from orders.models import ProductImage
from orders.thumbnails import ensure_thumbnail, thumbnail_name
for picture in ProductImage.objects.all():
    ensure_thumbnail(default_storage, thumbnail_name(picture.image.name))
"""


class Template:
    """What stacks of this process are copied from."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._database: tuple[PostgresServer, str] | None = None

    def embedded(self) -> Path:
        """A `var/` with the SQLite database and the pictures."""
        return self._made("embedded", lambda var: _fill(var, {}))

    def cluster(self, postgres: PostgresServer) -> tuple[Path, str]:
        """A `var/` with the pictures, and the name of the database on the PostgreSQL server."""
        dump = "database.sql"

        def fill(var: Path) -> None:
            name = postgres.create_database()
            _fill(var, {"DATABASE_URL": postgres.url(name)})
            (var / dump).write_text(postgres.dump(name))
            postgres.drop_database(name)

        var = self._made("cluster", fill)
        if self._database is None or self._database[0] is not postgres:
            name = postgres.create_database()
            postgres.restore(name, (var / dump).read_text())
            self._database = postgres, name
        return var, self._database[1]

    def _made(self, kind: str, fill: Callable[[Path], None]) -> Path:
        self._folder = self._folder or _KEPT / _fingerprint()
        made = self._folder / kind
        with _alone():
            if not made.exists():
                _remove_unused()
                draft = workspace.make_directory("template")
                fill(draft)
                self._folder.mkdir(exist_ok=True)
                shutil.copytree(draft, self._folder / "draft")
                (self._folder / "draft").rename(made)
                workspace.remove_directory(draft)
            self._folder.touch()
        return made


def _fill(var: Path, env: dict[str, str]) -> None:
    settings = {"HUB_VAR": str(var), "SECRET_KEY": SECRET, **env}
    run_python(settings, "manage.py", "migrate", "--verbosity=0")
    run_python(settings, "manage.py", "seed_demo")
    run_python(settings, "-c", _SMALL_PICTURES)


def _fingerprint() -> str:
    """One for each state of the code and the Python that make the data."""
    found = hashlib.sha256(sys.version.encode())
    for name in _CODE:
        file = ROOT / name
        for path in sorted(file.rglob("*.py")) if file.is_dir() else [file]:
            found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One process at a time; the lock ends with the process, however that ends."""
    _KEPT.mkdir(parents=True, exist_ok=True)
    with open(_KEPT / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_unused() -> None:
    for folder in _KEPT.iterdir():
        if folder.is_dir() and time.time() - folder.stat().st_mtime > _UNUSED:
            shutil.rmtree(folder)
