"""The rooms of the house: imports point downwards only, and the hub's core knows no framework."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ["hub", "orders", "frontend", "asgi"]  # from the ground up: each knows those before it
# Pure: no I/O, no framework, no event loop. Files that do not exist (yet) are left out.
CORE = [
    "hub/closing.py",
    "hub/connection.py",
    "hub/errors.py",
    "hub/events.py",
    "hub/metrics/buckets.py",
    "hub/protocol.py",
    "hub/ring.py",
    "hub/topics.py",
]
IMPURE = {"django", "channels", "channels_redis", "asgiref", "asyncio", "daphne", "redis", "socket"}


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imported(file: Path) -> Iterator[str]:
    """The full names that a file imports: modules, and what is taken from them."""
    package = list(file.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(file.read_text(), str(file))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*start, *([node.module] if node.module else [])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


def top(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_below_it(room: str) -> None:
    above = {*ROOMS[ROOMS.index(room) + 1 :], "tests"}
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in modules(room)
        for name in imported(file)
        if top(name) in above
    ]
    assert not wrong


@pytest.mark.parametrize("core", [name for name in CORE if (ROOT / name).exists()])
def test_the_core_imports_no_framework_and_only_core(core: str) -> None:
    pure = {name.removesuffix(".py").replace("/", ".") for name in CORE}
    wrong = [
        name
        for name in imported(ROOT / core)
        if top(name) in IMPURE
        or (top(name) == "hub" and name not in pure and name.rpartition(".")[0] not in pure)
    ]
    assert not wrong


def test_every_room_has_modules() -> None:
    assert all(modules(room) for room in ROOMS)
