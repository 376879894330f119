"""Hashes passwords, at most one per core at once, and without holding a database connection.

A hash takes a good part of a second on purpose. Without a bound, a burst of log-ins would take all
cores and all connections from the rest of the site.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connections

CORES = os.cpu_count() or 1
MOST_WAITING = 50  # hashes per process that wait for a core; more are refused at once
PATIENCE = 20.0  # seconds that one waits


class HashersBusy(Exception):
    """Too many passwords are being checked. `retry_after` is in seconds."""

    retry_after = 5


class HashSlots:
    """Lets `most` hashes run at once and `waiting` more wait."""

    def __init__(self, most: int, waiting: int) -> None:
        self._running = threading.BoundedSemaphore(most)
        self._admitted = threading.BoundedSemaphore(most + waiting)

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a slot. Raises HashersBusy."""
        if not self._admitted.acquire(blocking=False):
            raise HashersBusy
        try:
            if not self._running.acquire(timeout=PATIENCE):
                raise HashersBusy
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._admitted.release()


slots = HashSlots(CORES, MOST_WAITING)


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
