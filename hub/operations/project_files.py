"""The files of a project: where a setting is assigned, and lines added in the file's own style."""

import ast
import difflib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

BOM = "\ufeff"  # of files that some editors write; Python skips it


class Change(msgspec.Struct, frozen=True):
    """A file of the project, as it is and as it should be; `before` is None for a new file."""

    path: Path
    before: str | None
    after: str

    def diff(self) -> str:
        """The change as a unified diff."""
        name = os.path.relpath(self.path)
        before, after = (
            (text or "").replace("\r\n", "\n").splitlines(keepends=True)
            for text in (self.before, self.after)
        )
        old = "/dev/null" if self.before is None else name
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in difflib.unified_diff(before, after, old, name)
        )

    def write(self) -> None:
        """Change the file. Raises OSError, and RuntimeError if it is not as it was any more."""
        if read(self.path) != self.before:
            raise RuntimeError(f"{self.path} was changed meanwhile; run the command again")
        write(self.path, self.after)

    def undo(self) -> None:
        """Put the file back as it was."""
        if self.before is None:
            self.path.unlink(missing_ok=True)
        else:
            write(self.path, self.before)


def read(path: Path) -> str | None:
    """The file's text with its own line ends; None if there is none, or it is not UTF-8."""
    try:
        return path.read_bytes().decode()
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def write(path: Path, text: str) -> None:
    path.write_bytes(text.encode())


def hand(where: str, lines: list[str]) -> str:
    """What somebody has to add themselves, and where."""
    return f"{where}: {lines[0]}" if len(lines) == 1 else "\n    ".join([f"{where}:", *lines])


def with_lines(path: Path, before: str, lines: Iterable[str]) -> Change | None:
    """The file with these lines at its end, in its own style; None if it would not parse."""
    quote = "'" if before.count("'") > before.count('"') else '"'
    end = "\r\n" if "\r\n" in before else "\n"
    added = [line.replace('"', quote) for line in lines]
    after = end.join([before.rstrip("\r\n"), "", *added, ""])
    try:
        ast.parse(after.removeprefix(BOM))
    except SyntaxError:
        return None
    return Change(path, before, after)


def file_of(module: str) -> Path | None:
    """The file of this module; None where it has none."""
    path = getattr(sys.modules.get(module), "__file__", None)
    if path is None:
        try:
            found = importlib.util.find_spec(module)
        except (ImportError, ValueError):
            return None
        path = found.origin if found else None
    return Path(path) if path and path.endswith(".py") else None


def is_installed(file: Path) -> bool:
    """Whether the file is a package's, which the project cannot change."""
    return bool({"site-packages", "dist-packages"} & set(file.parts))


def home_of(name: str, module: str, seen: frozenset[str] = frozenset()) -> str | None:
    """The module that assigns `name` for this one: itself, or one that it imports it from.

    An assignment that starts from the name's own value, such as that of settings/base.py, is none.
    """
    file, tree = file_of(module), tree_of(module)
    if file is None or tree is None or is_installed(file) or module in seen:
        return None
    if any(assigns(statement, name) for statement in statements(tree)):
        return module
    for statement in reversed([*statements(tree)]):
        if isinstance(statement, ast.ImportFrom) and _brings(statement, name):
            source = _absolute(statement, module)
            if found := home_of(name, source, seen | {module}):
                return found
    return None


def tree_of(module: str) -> ast.Module | None:
    file = file_of(module)
    text = read(file) if file else None
    return ast.parse(text.removeprefix(BOM)) if text is not None else None


def statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """Those of the module's own scope, in `if`, `try` and `with` as well."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from statements(node)


def assigns(statement: ast.stmt, name: str) -> bool:
    """Whether the statement gives the name a value that does not start from its present one."""
    if isinstance(statement, ast.Assign):
        targets: list[ast.expr] = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    else:
        return False
    named = any(isinstance(one, ast.Name) and one.id == name for one in targets)
    value = ast.walk(statement.value) if statement.value else ()
    return named and not any(isinstance(one, ast.Name) and one.id == name for one in value)


def names_in(tree: ast.AST) -> set[str]:
    """All names and attributes that the code mentions."""
    nodes = [*ast.walk(tree)]
    return {one.id for one in nodes if isinstance(one, ast.Name)} | {
        one.attr for one in nodes if isinstance(one, ast.Attribute)
    }


def imported(tree: ast.AST, source: str) -> set[str]:
    """What the module has imported from `source` under its own name."""
    return {
        one.name
        for statement in statements(tree)
        if isinstance(statement, ast.ImportFrom) and statement.module == source
        for one in statement.names
        if one.asname in (None, one.name)
    }


def _brings(statement: ast.ImportFrom, name: str) -> bool:
    return any(one.name in ("*", name) and one.asname in (None, name) for one in statement.names)


def _absolute(statement: ast.ImportFrom, module: str) -> str:
    if not statement.level:
        return statement.module or ""
    package = getattr(sys.modules.get(module), "__package__", None) or module.rpartition(".")[0]
    return importlib.util.resolve_name("." * statement.level + (statement.module or ""), package)
