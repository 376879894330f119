"""The package that `pip install django-realtime-hub` brings."""

import re
import subprocess
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built from this tree, as pip does it."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--wheel-dir", folder, ROOT], check=True)
    [file] = folder.glob("django_realtime_hub-*-py3-none-any.whl")
    return zipfile.ZipFile(file)


def test_it_holds_every_file_of_the_hub_and_nothing_of_the_shop(wheel: zipfile.ZipFile) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "hub"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == set(tracked.stdout.split())


def test_it_needs_little_and_names_the_rest_as_extras(wheel: zipfile.ZipFile) -> None:
    [metadata] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    told = HeaderParser().parsestr(wheel.read(metadata).decode())
    needs = [line for line in told.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert {re.split(r"\W", line)[0] for line in needs} == {
        "channels",
        "cryptography",
        "django",
        "msgspec",
    }
    assert not [line for line in told.get_all("Requires-Dist", []) if "==" in line.split(";")[0]]
    extras = {"api", "client", "daphne", "postgres", "redis", "uvicorn"}
    assert set(told.get_all("Provides-Extra", [])) == extras
