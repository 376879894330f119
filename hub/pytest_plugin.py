"""Fixtures for the tests of projects that use the hub. pytest finds this by itself.

It also gives SQLite's test database, which Django makes in memory, a temporary file: the threads of
a server that share a database in memory do not wait for its locks, and fail at random.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hub.testing import HubCommunicator

_FOLDER = pytest.StashKey[Path]()


def pytest_sessionstart(session: pytest.Session) -> None:
    if not _is_installed():
        return
    from django.db import connections

    for connection in connections.all():
        if connection.vendor == "sqlite" and not connection.settings_dict["TEST"].get("NAME"):
            folder = session.config.stash.setdefault(_FOLDER, Path(tempfile.mkdtemp("-hub-tests")))
            connection.settings_dict["TEST"]["NAME"] = str(folder / f"{connection.alias}.sqlite3")


def pytest_unconfigure(config: pytest.Config) -> None:
    folder = config.stash.get(_FOLDER, None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def hub_connect() -> "Callable[..., HubCommunicator]":
    """`async with hub_connect(user) as browser:` a browser of the user, or of a visitor, without a
    network, on the application of ASGI_APPLICATION. It is a `hub.testing.HubCommunicator`."""
    from channels.routing import get_default_application

    from hub.testing import HubCommunicator

    def connect(user: Any | None = None, **options: Any) -> HubCommunicator:
        return HubCommunicator(get_default_application(), user, **options)

    return connect


@pytest.fixture
def assert_published() -> Callable[..., dict[str, Any]]:
    """`assert_published("order.received", topic="user.7", number="2026-1")`: the frame of the
    newest such event. Fails with a list of what was published where there is none. The topic and
    the fields of the data may be left out."""
    from hub.events import frame_of
    from hub.models import Event

    def find(type: str, topic: str | None = None, **data: Any) -> dict[str, Any]:
        rows = Event.objects.order_by("-pk")
        frames = [frame_of(tail) for tail in rows.values_list("frame", flat=True)]
        for frame in frames:
            is_wanted = frame["type"] == type and topic in (None, frame["topic"])
            if is_wanted and data.items() <= frame["data"].items():
                return frame
        told = [f"{one['type']} on {one['topic']}: {one['data']}" for one in reversed(frames)]
        raise AssertionError(
            f"no {type} with {data} on {topic or 'any topic'} was published; what was:\n"
            + ("\n".join(told) or "nothing")
        )

    return find


def _is_installed() -> bool:
    """Whether these are the tests of a project with the hub."""
    try:
        from django.apps import apps
    except ImportError:
        return False
    return apps.ready and apps.is_installed("hub")
