"""Departures: what a deleted person leaves behind in the hub is removed within a minute.

Their deletion is in the log as a revocation. It stays there for a moment, because followers that
read the log instead of hearing the layer close the person's sockets when they come to it.
"""

import datetime

from django.db import router, transaction
from django.utils import timezone

from hub.deliveries.lease import Lease
from hub.events import data_of
from hub.models import Delivery, Event, Log
from hub.publishing.revocation import RightsRevoked
from hub.topics import user_of
from hub.worker.pruning import remove_people

GRACE = datetime.timedelta(seconds=15)  # three times what a follower needs without the layer


def clear_departed(lease: Lease) -> int:
    """Remove the rows of people whose deletion is long enough in the log; how many people.

    The log's head is noted, and when GRACE has passed, all up to it is cleared: the time of an
    event would not do, it may be committed long after. Raises LeaseLost.
    """
    with transaction.atomic(using=router.db_for_write(Delivery)):
        worker = lease.hold()
        now = timezone.now()
        gone: list[str] = []
        if worker.clearing_at is not None:
            if now - worker.clearing_at < GRACE:
                return 0
            gone = _departed(worker.cleared, worker.clearing)
            remove_people(gone)
            worker.cleared, worker.clearing_at = worker.clearing, None
        head = Log.objects.filter(pk=1).values_list("head", flat=True).first() or 0
        if head > worker.cleared:
            worker.clearing, worker.clearing_at = head, now
        worker.save(update_fields=["cleared", "clearing", "clearing_at"])
        return len(gone)


def _departed(after: int, upto: int) -> list[str]:
    rows = Event.objects.filter(
        position__gt=after, position__lte=upto, type=RightsRevoked.type
    ).values_list("topic", "frame")
    people = (user_of(topic) for topic, tail in rows if data_of(tail)["reason"] == "deleted")
    return [person for person in people if person is not None]
