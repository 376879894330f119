"""The rooms of the house: imports point downwards only, and the hub's core does no I/O."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# From the ground up: each room knows those before it.
ROOMS = ["hub", "orders", "frontend", "asgi"]

# The same inside `hub/`, file or folder. One line is one floor: its rooms do not know each other.
FLOORS = [
    ["errors", "limits", "paths", "models", "concurrency", "servers"],
    ["topics", "events"],
    ["policy", "publishing", "metrics"],
    ["log"],
    ["broadcast", "identity", "inbox", "pages"],
    ["sockets", "deliveries", "api", "trace"],
    ["worker", "client"],
    ["runtime"],
    ["operations", "testing", "ui"],
    ["admin", "management", "pytest_plugin", "templatetags"],
    # Import paths that projects know.
    ["consumers", "middleware", "preferences", "rights", "urls", "views"],
    ["apps", "__init__"],
]

# Pure: no I/O, no framework, no event loop.
CORE = [
    "hub/concurrency/token_bucket.py",
    "hub/errors.py",
    "hub/events.py",
    "hub/broadcast/ring.py",
    "hub/broadcast/shared_event.py",
    "hub/broadcast/run.py",
    "hub/inbox/flags.py",
    "hub/log/row.py",
    "hub/metrics/buckets.py",
    "hub/metrics/exposition.py",
    "hub/metrics/sockets.py",
    "hub/paths.py",
    "hub/publishing/control_events.py",
    "hub/sockets/acknowledgements.py",
    "hub/sockets/changes.py",
    "hub/sockets/close_codes.py",
    "hub/sockets/connection.py",
    "hub/sockets/protocol.py",
    "hub/sockets/subscriptions.py",
    "hub/sockets/window.py",
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


def floor_of(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def room_of(file: Path) -> str:
    """The room of a file of the hub: its folder, or the file itself at the top."""
    return file.relative_to(ROOT / "hub").parts[0].removesuffix(".py")


def room_of_name(name: str) -> str | None:
    """The room of the hub that an imported name belongs to; `from hub import publish`: the face."""
    if top(name) != "hub":
        return None
    second = name.split(".")[1] if "." in name else ""
    return second if any(second in rooms for rooms in FLOORS) else "__init__"


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


def test_inside_the_hub_a_room_imports_only_rooms_on_floors_below() -> None:
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in modules("hub")
        for name in imported(file)
        if (room := room_of_name(name)) is not None
        and room != room_of(file)
        and room_of(file) != "migrations"
        and floor_of(room) >= floor_of(room_of(file))
    ]
    assert not wrong


def test_no_files_of_the_hub_import_each_other_in_a_circle() -> None:
    files = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts): file
        for file in modules("hub")
        if file.name != "__init__.py"
    }
    imports = {
        module: {
            other
            for name in imported(file)
            for other in (name, name.rpartition(".")[0])
            if other in files and other != module
        }
        for module, file in files.items()
    }
    # Take away every file that imports none of those left: a circle is what remains.
    while free := [module for module, others in imports.items() if not others & imports.keys()]:
        for module in free:
            del imports[module]
    assert not imports, "each of these imports another of them"


def test_a_file_of_the_hub_imports_nothing_through_its_own_package() -> None:
    """In `hub/log/`, `from hub.log import page` may hide a circle, say inside a function."""
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in modules("hub")
        for name in imported(file)
        if ROOT / name.rpartition(".")[0].replace(".", "/") == file.parent
        and not any(file.parent.glob(f"{name.rpartition('.')[2]}*"))
    ]
    assert not wrong


@pytest.mark.parametrize("room", ["orders", "frontend"])
def test_a_project_imports_a_room_of_the_hub_by_its_package_only(room: str) -> None:
    """`from hub.inbox import Inbox`, not `from hub.inbox.reading import Inbox`."""
    inner = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in modules("hub")
        if file.parent != ROOT / "hub" and file.name != "__init__.py"
    }
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in modules(room)
        for name in imported(file)
        if {name, name.rpartition(".")[0]} & inner
    ]
    assert not wrong


def test_every_room_of_the_hub_has_its_floor() -> None:
    rooms = {room_of(file) for file in modules("hub")} - {"migrations"}
    placed = [room for rooms_of_floor in FLOORS for room in rooms_of_floor]
    assert sorted(placed) == sorted(rooms)


@pytest.mark.parametrize("core", CORE)
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
