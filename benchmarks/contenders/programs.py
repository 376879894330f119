"""A peer that is a program of its own: on a free port of loopback, on the server's core."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cores import SERVER, on
from tests.rig import workspace
from tests.rig.ports import free_port, is_listening
from tests.rig.process import Process
from tests.rig.wait import wait_until


@dataclass
class Program:
    pid: int
    port: int
    second_port: int  # for those that publish by another protocol


@contextmanager
def program(
    command: Callable[[int, int, Path], Sequence[str]], env: Mapping[str, str] | None = None
) -> Iterator[Program]:
    """Run what `command` says of a port, a second port and a folder, until the end of the block."""
    folder = workspace.make_directory("peer")
    port, second = free_port(), free_port()
    log = folder / "log"
    with on(SERVER):
        process = Process(
            command(port, second, folder),
            log=log,
            env={"PATH": os.environ.get("PATH", os.defpath), **(env or {})},
            cwd=folder,
        )
    try:
        wait_until(
            lambda: is_listening(port) or _fail_if_ended(process, log),
            what=lambda: log.read_text(errors="replace"),
        )
        yield Program(process.pid, port, second)
    finally:
        process.kill()
        workspace.remove_directory(folder)


def _fail_if_ended(process: Process, log: Path) -> bool:
    if not process.is_running():
        raise RuntimeError(f"ended:\n{log.read_text(errors='replace')}")
    return False
