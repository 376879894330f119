"""Packages from npm that tests use, installed beside the virtual environment's packages."""

import shutil
import subprocess
import sys
from pathlib import Path

INSTALLED = Path(sys.prefix) / "node"
PACKAGES = INSTALLED / "node_modules"
VERSIONS = {"typescript": "5.9.3", "puppeteer-core": "24.43.1"}


def install(name: str) -> Path:
    """The folder of a package in its pinned version; installs it if it is not there."""
    folder = PACKAGES / name
    manifest = folder / "package.json"
    version = VERSIONS[name]
    if not manifest.exists() or f'"version": "{version}"' not in manifest.read_text():
        INSTALLED.mkdir(exist_ok=True)
        quiet = ["--no-package-lock", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]
        # All of them: npm removes what it was not told of.
        wanted = [f"{one}@{pinned}" for one, pinned in VERSIONS.items()]
        npm = shutil.which("npm")
        assert npm is not None, "npm is not on the path"
        subprocess.run([npm, "install", f"--prefix={INSTALLED}", *quiet, *wanted], check=True)
    return folder
