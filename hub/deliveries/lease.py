"""The lease: which of several worker processes works now.

Taken and renewed by one statement, by the database's clock, so that machines whose clocks differ
agree. A worker that was killed is followed by another when its time is over.
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
    """Another worker works now; nothing was written."""


class Lease:
    """One worker's claim. `is_held` asks no database and may be read from any thread."""

    def __init__(self) -> None:
        self.holder = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._until = 0.0

    @property
    def is_held(self) -> bool:
        return time.monotonic() < self._until

    def take(self) -> bool:
        """Take or renew it; whether it is ours now."""
        using = router.db_for_write(Worker)
        Worker.objects.using(using).get_or_create(pk=1)
        # Before the statement: our own clock must run out before the database's does.
        began = time.monotonic()
        free = Q(holder=self.holder) | Q(until__isnull=True) | Q(until__lte=Now())
        taken = (
            Worker.objects.using(using)
            .filter(free, pk=1)
            .update(holder=self.holder, until=Now() + datetime.timedelta(seconds=SECONDS))
        )
        self._until = began + SECONDS if taken else 0.0
        return bool(taken)

    def hold(self) -> Worker:
        """The worker's row, locked until the transaction ends; raises LeaseLost."""
        worker = Worker.objects.select_for_update().get(pk=1)
        if worker.holder != self.holder:
            self._until = 0.0
            raise LeaseLost(f"{worker.holder} holds the lease")
        return worker

    def release(self) -> None:
        """Give it back, so that another need not wait."""
        self._until = 0.0
        Worker.objects.filter(pk=1, holder=self.holder).update(holder="", until=None)
