"""A worker's presence: tells the others that it is alive, so that they leave its deliveries alone.

Like the lease it is renewed by the database's clock, and a worker that was frozen knows by its own
clock that the others no longer count on it.
"""

import datetime
import time

from django.db import router
from django.db.models import QuerySet
from django.db.models.functions import Now

from hub.deliveries.lease import SECONDS
from hub.models import WorkerProcess

LIFE = datetime.timedelta(seconds=SECONDS)


class Presence:
    """One worker's row. `is_current` asks no database and may be read from any thread."""

    def __init__(self, holder: str) -> None:
        self.holder = holder
        self._until = 0.0  # monotonic seconds

    @property
    def is_current(self) -> bool:
        return time.monotonic() < self._until

    def renew(self) -> None:
        """Be alive for another SECONDS, and forget workers that no longer are."""
        rows = WorkerProcess.objects.using(router.db_for_write(WorkerProcess))
        # Read before the statement: our own clock must run out before the database's does.
        began = time.monotonic()
        rows.update_or_create(holder=self.holder, defaults={"until": Now() + LIFE})
        self._until = began + SECONDS
        rows.exclude(pk__in=living().values("pk")).delete()

    def leave(self) -> None:
        """End it, so that another worker need not wait until it runs out."""
        self._until = 0.0
        WorkerProcess.objects.filter(holder=self.holder).delete()


def living() -> QuerySet[WorkerProcess]:
    """The workers that are alive."""
    # A row that is further ahead was written by a clock that was wrong.
    return WorkerProcess.objects.filter(until__gt=Now(), until__lte=Now() + 2 * LIFE)
