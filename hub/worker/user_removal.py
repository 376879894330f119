"""Removes what a deleted user left behind in the hub, within a minute.

The deletion is in the log as a revocation. It stays there for REMOVAL_GRACE, because a follower
that polls the log must read it to close the user's sockets.
"""

import datetime

from django.db import router, transaction
from django.utils import timezone

from hub.deliveries.lease import Lease
from hub.events import data_of
from hub.models import Delivery, Event, Log
from hub.publishing.revocation import RightsRevoked
from hub.topics import user_of
from hub.worker.pruning import remove_users

REMOVAL_GRACE = datetime.timedelta(seconds=15)  # three times what a polling follower needs


def remove_deleted_users(lease: Lease) -> int:
    """Remove the rows of users whose deletion is old enough; return how many users.

    One call notes the log's head; a call REMOVAL_GRACE later handles the deletions up to it. The
    time of the event itself would not do, because it may be committed long after. Raises
    LeaseLost.
    """
    with transaction.atomic(using=router.db_for_write(Delivery)):
        worker = lease.hold()
        now = timezone.now()
        deleted: list[str] = []
        if worker.clearing_at is not None:
            if now - worker.clearing_at < REMOVAL_GRACE:
                return 0
            deleted = _deleted_users(worker.cleared, worker.clearing)
            remove_users(deleted)
            worker.cleared, worker.clearing_at = worker.clearing, None
        head = Log.objects.filter(pk=1).values_list("head", flat=True).first() or 0
        if head > worker.cleared:
            worker.clearing, worker.clearing_at = head, now
        worker.save(update_fields=["cleared", "clearing", "clearing_at"])
        return len(deleted)


def _deleted_users(after: int, upto: int) -> list[str]:
    rows = Event.objects.filter(
        position__gt=after, position__lte=upto, type=RightsRevoked.type
    ).values_list("topic", "frame")
    users = (user_of(topic) for topic, tail in rows if data_of(tail)["reason"] == "deleted")
    return [user for user in users if user is not None]
