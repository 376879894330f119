"""Events whose deliveries could not be made: set aside, so that the rest of the log is planned.

Each is tried again once an hour, until it succeeds or the event is pruned.
"""

import datetime
import logging

from django.db import InterfaceError, InternalError, OperationalError, router, transaction
from django.db.models import Q
from django.utils import timezone

from hub.deliveries.lease import Lease, LeaseLost
from hub.deliveries.means import Means, carried
from hub.deliveries.means_state import text_of
from hub.deliveries.recipients import (
    PAGE_RECIPIENTS,
    LoggedEvent,
    MeansByType,
    Recipient,
    make_deliveries,
    subscribers,
)
from hub.models import Event, PlanFailure
from hub.models.stamps import CLOCK_TOLERANCE

logger = logging.getLogger("hub.deliveries")

# What fails for these reasons is no fault of an event.
ENVIRONMENT_ERRORS = (LeaseLost, OperationalError, InterfaceError, InternalError)
RETRY_INTERVAL = datetime.timedelta(hours=1)


def set_aside(event: LoggedEvent, page: int, error: Exception) -> None:
    """Note, in the caller's transaction, that planning the event failed from this page on."""
    logger.error("cannot plan %s, position %s", event.type, event.position, exc_info=error)
    PlanFailure.objects.update_or_create(
        position=event.position,
        defaults={"page": page, "error": text_of(error), "tried_at": timezone.now()},
    )


def retry(lease: Lease, means: list[Means]) -> None:
    """Try again what was set aside more than RETRY_INTERVAL ago. Raises LeaseLost."""
    now = timezone.now()
    is_old = Q(tried_at__lte=now - RETRY_INTERVAL) | Q(tried_at__gt=now + CLOCK_TOLERANCE)
    due = list(PlanFailure.objects.filter(is_old).order_by("position"))
    means_by_type = carried(means) if due else {}
    for failure in due:
        PlanFailure.objects.filter(pk=failure.pk).update(tried_at=now)
        try:
            while _plan_page(lease, failure, means_by_type):
                pass
        except ENVIRONMENT_ERRORS:
            raise
        except Exception as error:  # It was logged when it was set aside.
            PlanFailure.objects.filter(pk=failure.pk).update(error=text_of(error))


def _plan_page(lease: Lease, failure: PlanFailure, means_by_type: MeansByType) -> bool:
    """Make a page of the event's deliveries; return whether there is more. Forget it at the end."""
    with transaction.atomic(using=router.db_for_write(PlanFailure)):
        lease.hold()
        row = Event.objects.filter(position=failure.position).first()
        recipients: list[Recipient] = []
        resume_after = None
        if row is not None and row.type in means_by_type:
            event = LoggedEvent(failure.position, row.topic, row.type, row.at)
            if event.user is not None:
                recipients = [Recipient(event, event.user)]
            else:
                recipients, resume_after = subscribers(event, failure.page, PAGE_RECIPIENTS)
        make_deliveries(recipients, means_by_type)
        if resume_after is None:
            failure.delete()
            return False
        failure.page = resume_after
        failure.save(update_fields=["page"])
        return True
