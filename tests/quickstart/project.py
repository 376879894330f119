"""A project that `startproject` has just made, with the package installed, and nothing else."""

import os
import re
import subprocess
from pathlib import Path

from tests.matrix import find_python
from tests.rig.ports import free_port
from tests.rig.server import ROOT

OURS = ("DJANGO_", "PYTEST_", "HUB_", "PYTHON")


PYTHON = re.compile(r"```python\n# ([\w/.]+)[^\n]*\n(.*?)```", re.DOTALL)
HTML = re.compile(r"```html\n(.*?)\n```", re.DOTALL)


def parts() -> tuple[str, str]:
    """Of docs/quickstart.md: the project to try it in, and what any project does."""
    example, _, rest = (ROOT / "docs" / "quickstart.md").read_text().partition("\n## 1. ")
    return example, rest


def example() -> dict[str, str]:
    """The files of the project to try it in."""
    [(path, page)] = re.findall(r"```html\n<!-- ([\w/.]+) -->\n(.*?)```", parts()[0], re.DOTALL)
    return {**dict(PYTHON.findall(parts()[0])), path: page}


def blocks() -> dict[str, str]:
    """The code that a project adds, by file; "head" and "bell" belong into the template."""
    head, bell = HTML.findall(parts()[1])
    return {**dict(PYTHON.findall(parts()[1])), "head": head, "bell": bell}


def answering() -> str:
    """What is said in the shell, so that the toast appears."""
    [code] = re.findall(r"```python\n(from desk\.models import .*?)```", parts()[1], re.DOTALL)
    return code


class Project:
    """The example's site, before the hub is put in."""

    def __init__(self, folder: Path, wheel: Path, django: str, python: str) -> None:
        self.folder = folder / "site"
        self.folder.mkdir()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        program = find_python(python)
        assert program is not None, f"Python {python} is neither on the path nor below pyenv's"
        environment = folder / "environment"
        subprocess.run([program, "-m", "venv", environment], check=True)
        self.python = environment / "bin" / "python"
        self.run("-m", "pip", "install", "-qq", f"{wheel}[daphne]", f"Django~={django}.0")
        self.run("-m", "django", "startproject", "mysite", ".")
        self.run("manage.py", "startapp", "desk")
        for path, text in example().items():
            if path.startswith("mysite/"):
                self.append(path, f"\n{text}")
            else:
                self.write(path, text)

    def run(self, *arguments: str | Path) -> str:
        """`python arguments…` in the project's folder; what it printed. It must exit with 0."""
        done = subprocess.run(
            [self.python, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    @property
    def environment(self) -> dict[str, str]:
        inherited = os.environ.items()
        return {name: value for name, value in inherited if not name.startswith(OURS)}

    def shell(self, code: str) -> None:
        self.run("manage.py", "shell", "-c", code)

    def read(self, path: str) -> str:
        return (self.folder / path).read_text()

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def append(self, path: str, text: str) -> None:
        self.write(path, self.read(path) + text)
