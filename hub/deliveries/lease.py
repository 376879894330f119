"""The lease: decides which of several worker processes plans, prunes and removes.

It is taken and renewed by one statement, by the database's clock, so that machines whose clocks
differ agree. When a worker is killed, another one takes over once the lease has run out.
"""

import datetime
import os
import secrets
import socket
import time

from django.db import router
from django.db.models import Q
from django.db.models.functions import Now

from hub.errors import HubError
from hub.models import Worker

SECONDS = 10.0  # how long a lease lasts without being renewed
RENEW = 2.5  # seconds between two renewals, or attempts to take it


class LeaseLost(HubError):
    """Another worker holds the lease now; nothing was written."""


class Lease:
    """One worker's claim. `is_held` asks no database and may be read from any thread."""

    def __init__(self) -> None:
        self.holder = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._until = 0.0

    @property
    def is_held(self) -> bool:
        return time.monotonic() < self._until

    def take(self) -> bool:
        """Take or renew the lease; return whether it is ours now."""
        using = router.db_for_write(Worker)
        Worker.objects.using(using).get_or_create(pk=1)
        # Read before the statement: our own clock must run out before the database's does.
        began = time.monotonic()
        free = (
            Q(holder=self.holder)
            | Q(until__isnull=True)
            | Q(until__lte=Now())
            # No lease is as long: this one was taken by a clock that was wrong.
            | Q(until__gt=Now() + datetime.timedelta(seconds=2 * SECONDS))
        )
        taken = (
            Worker.objects.using(using)
            .filter(free, pk=1)
            .update(holder=self.holder, until=Now() + datetime.timedelta(seconds=SECONDS))
        )
        self._until = began + SECONDS if taken else 0.0
        return bool(taken)

    def hold(self) -> Worker:
        """Lock the worker's row until the transaction ends, and return it. Raises LeaseLost."""
        worker = Worker.objects.select_for_update().get(pk=1)
        if worker.holder != self.holder:
            self._until = 0.0
            raise LeaseLost(f"{worker.holder} holds the lease")
        return worker

    def release(self) -> None:
        """Give the lease back, so that another worker need not wait until it runs out."""
        self._until = 0.0
        Worker.objects.filter(pk=1, holder=self.holder).update(holder="", until=None)
