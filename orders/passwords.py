"""Hashes passwords, at most one per core at once, and without holding a database connection.

A hash takes a good part of a second on purpose. Without a bound, a burst of log-ins would take all
cores and all connections from the rest of the site. The bound holds for all processes that share
the folder `settings.HASH_SLOTS`: a slot is a lock on a file there, which ends with its process.
"""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connections

CORES = os.cpu_count() or 1
MOST_WAITING = 50  # hashes per process that wait for a core; more are refused at once
PATIENCE = 20.0  # seconds that one waits
LOOK_AGAIN = 0.02  # seconds, while all slots of the machine are taken

logger = logging.getLogger("orders.passwords")


class HashersBusy(Exception):
    """Too many passwords are being checked. `retry_after` is in seconds."""

    retry_after = 5


class HashSlots:
    """Lets `most` hashes run at once, and `waiting` more of this process wait.

    With a folder, `most` is of all processes that share it. Where it cannot be used, it is not.
    """

    def __init__(self, most: int, waiting: int, folder: Path | None = None) -> None:
        self._files = [folder / f"slot-{number}" for number in range(most)] if folder else []
        self._running = threading.BoundedSemaphore(most)
        self._admitted = threading.BoundedSemaphore(most + waiting)

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a slot. Raises HashersBusy."""
        if not self._admitted.acquire(blocking=False):
            raise HashersBusy
        try:
            deadline = time.monotonic() + PATIENCE
            if not self._running.acquire(timeout=PATIENCE):
                raise HashersBusy
            try:
                with self._among_processes(deadline):
                    yield
            finally:
                self._running.release()
        finally:
            self._admitted.release()

    @contextmanager
    def _among_processes(self, deadline: float) -> Iterator[None]:
        lock = self._lock()
        while lock is None and self._files:
            if time.monotonic() > deadline:
                raise HashersBusy
            time.sleep(LOOK_AGAIN)  # a lock has no time-out
            lock = self._lock()
        try:
            yield
        finally:
            if lock is not None:
                os.close(lock)

    def _lock(self) -> int | None:
        """An open file with a lock on it; None if all are taken, or there are no files."""
        for file in self._files:
            try:
                file.parent.mkdir(mode=0o700, exist_ok=True)
                opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                logger.warning("passwords are hashed within a bound per process: %s", error)
                self._files = []
                return None
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(opened)
            else:
                return opened
        return None


slots = HashSlots(CORES, MOST_WAITING, getattr(settings, "HASH_SLOTS", None))


class BoundedPasswordHasher(PBKDF2PasswordHasher):
    """Django's default hasher, with its name and its hashes, within the bound."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        give_back_connections()
        with slots.take():
            return super().encode(password, salt, iterations)


def give_back_connections() -> None:
    """Close this thread's connections, except those with an open transaction."""
    for connection in connections.all(initialized_only=True):
        if connection.connection is not None and not connection.in_atomic_block:
            connection.close()
