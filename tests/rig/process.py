"""A child process that cannot outlive the tests."""

import atexit
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.rig.wait import wait_until

_PR_SET_PDEATHSIG = 1  # prctl(2): the signal a child gets when its parent dies, -9 included
_STOP = 30.0  # seconds a process has to end by itself before it is killed
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
_running: set["Process"] = set()


class Process:
    """One started program, in a process group of its own, its output appended to a file.

    `orphan_signal` is what it gets when this process dies; `user` is a name or id to run as.
    """

    def __init__(
        self,
        command: Sequence[str | os.PathLike[str]],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path,
        user: str | None = None,
        orphan_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        def follow_parent() -> None:
            if _libc is not None:
                _libc.prctl(_PR_SET_PDEATHSIG, orphan_signal)

        self.command = [os.fspath(part) for part in command]
        self.log = log
        self._test = os.environ.get("PYTEST_CURRENT_TEST", "no test")
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env),
                cwd=cwd,
                user=user,
                extra_groups=None if user is None else [],
                start_new_session=True,
                preexec_fn=follow_parent,
            )
        _running.add(self)

    def __str__(self) -> str:
        return f"{' '.join(self.command)} (pid {self.pid}), started in {self._test}"

    @property
    def pid(self) -> int:
        return self._popen.pid

    def is_running(self) -> bool:
        return self._popen.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this process alone."""
        self._popen.send_signal(number)

    def wait(self, deadline: float = _STOP) -> int:
        """Wait for its end and return the exit code; AssertionError after `deadline` seconds."""
        wait_until(lambda: not self.is_running(), deadline, f"the end of {self.command[0]}")
        _running.discard(self)
        return self._popen.returncode

    def terminate(self, number: signal.Signals = signal.SIGTERM, deadline: float = _STOP) -> int:
        """Ask it to end, kill it when it does not within `deadline` seconds; the exit code."""
        if self.is_running():
            self.send(number)
            self.thaw()
        try:
            return self.wait(deadline)
        except AssertionError:
            self.kill()
            raise

    def kill(self) -> None:
        """End it and its children at once (SIGKILL)."""
        if self.is_running():
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()

    def freeze(self) -> None:
        """Stop it where it stands (SIGSTOP): its connections stay open, nothing answers."""
        os.killpg(self.pid, signal.SIGSTOP)
        wait_until(lambda: _state(self.pid) == "T", what="the process to be stopped")

    def thaw(self) -> None:
        """Let it go on (SIGCONT); harmless when it was not frozen."""
        if self.is_running():
            os.killpg(self.pid, signal.SIGCONT)


def running() -> list[Process]:
    """The processes started here that still run."""
    return [process for process in _running if process.is_running()]


def kill_all(processes: Iterable[Process] | None = None) -> None:
    """Kill these processes; without an argument, all that were started here."""
    for process in running() if processes is None else processes:
        process.kill()


def _state(pid: int) -> str:
    """One letter, as `ps` shows it: T is stopped."""
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip()[:1]


atexit.register(kill_all)
