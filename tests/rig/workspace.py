"""Temporary directories of this process, removed when it ends.

A directory's name carries the process's id, so that the next run can remove what a run that was
killed with -9 had to leave.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "hub-rig-"
_own: list[Path] = []


def make_directory(name: str) -> Path:
    """Make an empty directory, readable by its owner only, that lives as long as this process."""
    if not _own:
        sweep()
        atexit.register(remove_all)
    directory = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-{name}-")).resolve()
    _own.append(directory)
    return directory


def remove_directory(directory: Path) -> None:
    """Remove a directory that `make_directory` made; end the processes that use it first."""
    _own.remove(directory)
    shutil.rmtree(directory)


def remove_all() -> None:
    while _own:
        shutil.rmtree(_own.pop(), ignore_errors=True)


def sweep() -> None:
    """Remove the directories of processes that are no more."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = left.name.removeprefix(_PREFIX).split("-")[0]
        if pid.isdigit() and not _is_alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
