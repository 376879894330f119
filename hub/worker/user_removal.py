"""Removes what a deleted user left behind in the hub, within a minute.

The deletion is in the log as a revocation. It stays there for REMOVAL_GRACE, because a follower
that polls the log must read it to close the user's sockets.
"""

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import router, transaction
from django.utils import timezone

from hub.deliveries.lease import Lease
from hub.events import data_of
from hub.log.readable import read_row
from hub.models import Event, Log, Worker
from hub.models.stamps import has_passed
from hub.publishing.control_events import RightsRevoked
from hub.topics import user_of
from hub.worker.pruning import remove_users

REMOVAL_GRACE = datetime.timedelta(seconds=15)  # three times what a polling follower needs


def remove_deleted_users(lease: Lease) -> int:
    """Remove the rows of users whose deletion is old enough; return how many users.

    One call notes the log's head; a call REMOVAL_GRACE later handles the deletions up to it. The
    time of the event itself would not do, because it may be committed long after. Raises
    LeaseLost.
    """
    due = _due(lease)
    if due is None:
        return 0
    after, upto = due
    deleted = _deleted_users(after, upto)
    # Not in one transaction, because a user may leave many rows. A removal that is interrupted is
    # done again.
    remove_users(deleted)
    with transaction.atomic(using=router.db_for_write(Worker)):
        worker = lease.hold()
        worker.cleared, worker.clearing_at = upto, None
        _note_head(worker)
    return len(deleted)


def _due(lease: Lease) -> tuple[int, int] | None:
    """The positions, after the first up to the second, whose deletions are old enough."""
    with transaction.atomic(using=router.db_for_write(Worker)):
        worker = lease.hold()
        if worker.clearing_at is None:
            _note_head(worker)
        elif has_passed(REMOVAL_GRACE, worker.clearing_at, timezone.now()):
            return worker.cleared, worker.clearing
        return None


def _note_head(worker: Worker) -> None:
    """Save the row, with the log's head as what is cleared next if there is anything new."""
    head = Log.objects.filter(pk=1).values_list("head", flat=True).first() or 0
    if head > worker.cleared:
        worker.clearing, worker.clearing_at = head, timezone.now()
    worker.save(update_fields=["cleared", "clearing", "clearing_at"])


def _deleted_users(after: int, upto: int) -> list[str]:
    rows: Iterable[Any] = Event.objects.filter(
        position__gt=after, position__lte=upto, type=RightsRevoked.type
    ).values_list("position", "topic", "type", "frame")
    revocations = (read_row(*row) for row in rows)
    users = (user_of(row.topic) for row in revocations if data_of(row.tail)["reason"] == "deleted")
    return [user for user in users if user is not None]
