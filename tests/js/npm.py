"""Packages from npm that tests use, installed beside the virtual environment's packages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

INSTALLED = Path(sys.prefix) / "node"
PACKAGES = INSTALLED / "node_modules"
VERSIONS = {"typescript": "5.9.3", "puppeteer-core": "24.43.1", "ws": "8.23.0"}
PATIENCE = 120  # seconds for npm
# Node brings certificates of its own and reads the system's only when it is told.
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
OPTIONS = (
    *("--no-package-lock", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"),
    *("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=1000"),
)


class NotInstalled(Exception):
    """There is no npm, or it does not reach its registry; the text says which."""


def install(name: str) -> Path:
    """The folder of a package in its pinned version; installs it if it is not there."""
    folder = PACKAGES / name
    manifest = folder / "package.json"
    if manifest.exists() and f'"version": "{VERSIONS[name]}"' in manifest.read_text():
        return folder
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NotInstalled("Node and npm are not on the path")
    INSTALLED.mkdir(exist_ok=True)
    # All of them: npm removes what it was not told of.
    wanted = [f"{one}@{version}" for one, version in VERSIONS.items()]
    known = {"NODE_EXTRA_CA_CERTS": str(CERTIFICATES)} if CERTIFICATES.exists() else {}
    try:
        subprocess.run(
            [npm, "install", f"--prefix={INSTALLED}", *OPTIONS, *wanted],
            check=True,
            timeout=PATIENCE,
            env={**known, **os.environ},
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise NotInstalled(f"npm could not install {name}: {error}") from error
    return folder
