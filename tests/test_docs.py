"""The documents name what exists, and link to it."""

import ast
import re
from pathlib import Path

import pytest
from msgspec.structs import asdict

from hub.limits import Limits
from tests.rig.server import UVICORN

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "SECURITY.md", "llms.txt")),
    *sorted((ROOT / "docs").glob("*.md")),
]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def read(name: str) -> str:
    return (ROOT / name).read_text()


def anchors(text: str) -> set[str]:
    """The headings of a document, as links name them."""
    found = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


def parts_of_the_hub() -> list[str]:
    hub = ROOT / "hub"
    packages = [
        f"{folder.name}/"
        for folder in hub.iterdir()
        if folder.is_dir() and folder.name != "__pycache__"
    ]
    return sorted([file.name for file in hub.glob("*.py")] + packages)


def variables() -> set[str]:
    """The names that the settings read from the environment."""
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(read("asgi/settings.py")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "environment"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def test_the_architecture_page_names_every_room_of_the_hub() -> None:
    text = re.sub(r"^```.*?^```", "", read("docs/architecture.md"), flags=re.M | re.S)
    named = set(re.findall(r"`([^`\n]+)`", text))
    assert [part for part in parts_of_the_hub() if part not in named] == []


def test_the_architecture_page_names_no_file_that_is_gone() -> None:
    text = read("docs/architecture.md")
    named = set(re.findall(r"\b(?:hub|orders|frontend|asgi|tests)/[\w/]+\.(?:py|js)\b", text))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def walks() -> list[str]:
    """The numbered steps of the two walks in the architecture."""
    text = read("docs/architecture.md")
    walked = text[text.index("## From a save to a toast") : text.index("## Rooms")]
    return re.findall(r"^\d+\. (.+(?:\n   .+)*)", walked, re.M)


def defined_in(file: Path) -> set[str]:
    """The functions of a Python file; methods as `Class.method`."""
    names: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            names |= {
                f"{node.name}.{one.name}"
                for one in node.body
                if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
            }
    return names


def is_defined(file: Path, name: str) -> bool:
    if file.suffix == ".py":
        return name in defined_in(file)
    owner, _, method = name.partition(".")
    text = file.read_text()
    return bool(
        re.search(rf"^export class {owner}\b", text, re.M)
        and re.search(rf"^  {method}\(", text, re.M)
    )


def test_each_step_of_the_walks_names_a_function_that_exists() -> None:
    steps = walks()
    assert len(steps) > 20
    for step in steps:
        assert re.match(r"`[\w./]+` `[\w.#]+`: ", step), f"no file and function: {step}"
        for file, function in re.findall(r"`([\w./]+)`\s+`([\w.#]+)`", step):
            assert is_defined(ROOT / file, function), step


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_has_a_target(document: Path) -> None:
    broken = []
    for link in LINK.findall(document.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            broken.append(link)
    assert broken == []


def test_every_variable_is_described() -> None:
    described = set(re.findall(r"`([A-Z_]+)`", read("docs/configuration.md")))
    found = variables()
    assert {"DATABASE_URL", "HUB_VAR", "EMAIL_URL"} <= found
    assert sorted(found - described) == []


def test_every_limit_is_described_with_its_default() -> None:
    rows = re.findall(
        r"^\| `([A-Z_]+)` \| ([\d.,]+) ?[a-z ]*\|", read("docs/configuration.md"), re.M
    )
    described = {name: float(value.replace(",", "")) for name, value in rows}
    limits = {name.upper(): value for name, value in asdict(Limits()).items()}
    del limits["SOCKETS"]  # it depends on the machine
    assert {name: described.get(name) for name in limits} == limits


def test_every_command_is_in_the_readme() -> None:
    named = set(re.findall(r"`(\w+)`", read("README.md")))
    files = ROOT.glob("*/management/commands/*.py")
    assert sorted({file.stem for file in files} - {"__init__"} - named) == []


def test_uvicorn_is_tested_with_the_recommended_options() -> None:
    assert f"uvicorn {' '.join(UVICORN)} asgi." in read("docs/configuration.md")


def test_every_check_is_described() -> None:
    sources = [file.read_text() for file in (ROOT / "hub").rglob("*checks.py")]
    known = {found for source in sources for found in re.findall(r'id="(hub\.\w+)"', source)}
    described = re.findall(r"^\| `(hub\.[EW]\d+)`", read("docs/configuration.md"), re.M)
    assert len(known) > 10
    assert described == sorted(known)


def test_every_test_that_the_security_page_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", read("docs/security.md")))
    sources = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py")]
    known = {name for source in sources for name in re.findall(r"def (test_\w+)\(", source)}
    assert len(named) > 20
    assert sorted(named - known) == []
