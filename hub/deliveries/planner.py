"""The planner: follows the log and makes the deliveries of its events.

It goes through the log twice, with a position each: once for events on users' own topics, which
have one recipient each, and once for all others. So the email of an order need not wait until a
campaign is planned.

A page is one transaction that locks the worker's row: the deliveries and the positions reached are
committed together. So each event is planned exactly once, even if the worker dies. If a page
fails, its events are planned one by one, and those that fail alone are set aside.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from django.db import router, transaction
from django.utils import timezone

from hub.deliveries.lease import Lease
from hub.deliveries.means import Means, carried
from hub.deliveries.recipients import (
    PAGE_RECIPIENTS,
    LoggedEvent,
    MeansByType,
    Recipient,
    make_deliveries,
    subscribers,
)
from hub.deliveries.set_aside import ENVIRONMENT_ERRORS, set_aside
from hub.models import Delivery, Event, Log, Worker

PAGE_EVENTS = 500  # events read from the log at once

Pass = Callable[[Worker, list[LoggedEvent], MeansByType], tuple[list[Recipient], bool]]


class Lag(msgspec.Struct, frozen=True):
    """How far the planner is behind the log: by how many events, and the age of the oldest."""

    events: int
    seconds: float


def lag() -> Lag:
    worker = Worker.objects.filter(pk=1).first() or Worker()
    planned = min(worker.position, worker.own_position)
    rows = Event.objects.filter(position__gt=planned).order_by("position")
    oldest = rows.values_list("at", flat=True).first()
    if oldest is None:
        return Lag(0, 0.0)
    head = Log.objects.values_list("head", flat=True).get(pk=1)
    return Lag(head - planned, max(0.0, (timezone.now() - oldest).total_seconds()))


def plan(lease: Lease, means: list[Means]) -> bool:
    """Make one page of deliveries; return whether there is more to plan. Raises LeaseLost."""
    means_by_type = carried(means)
    is_more = False
    for field, advance in PASSES.items():
        try:
            is_more |= _plan_page(lease, means_by_type, field, advance, PAGE_EVENTS)
        except ENVIRONMENT_ERRORS:
            raise
        except Exception:
            for _ in range(PAGE_EVENTS):
                if not _plan_one_event(lease, means_by_type, field, advance):
                    break
            is_more = True
    return is_more


def _plan_page(
    lease: Lease, means_by_type: MeansByType, field: str, advance: Pass, count: int
) -> bool:
    with transaction.atomic(using=router.db_for_write(Delivery)):
        worker = lease.hold()
        events = _events_after(getattr(worker, field), count)
        if not events:
            return False
        recipients, is_all = advance(worker, events, means_by_type)
        make_deliveries(recipients, means_by_type)
        worker.save(update_fields=[field, "page"])
        return not is_all or len(events) == count


def _plan_one_event(lease: Lease, means_by_type: MeansByType, field: str, advance: Pass) -> bool:
    """Plan the next event, or a page of it; set it aside if that fails. Return if there is more."""
    try:
        return _plan_page(lease, means_by_type, field, advance, 1)
    except ENVIRONMENT_ERRORS:
        raise
    except Exception as error:
        with transaction.atomic(using=router.db_for_write(Delivery)):
            worker = lease.hold()
            [event] = _events_after(getattr(worker, field), 1)
            is_shared = field == "position"
            set_aside(event, worker.page if is_shared else 0, error)
            setattr(worker, field, event.position)
            worker.page = 0 if is_shared else worker.page
            worker.save(update_fields=[field, "page"])
        return True


def _events_after(position: int, count: int) -> list[LoggedEvent]:
    rows = Event.objects.filter(position__gt=position).order_by("position")
    columns: Iterable[Any] = rows.values_list("position", "topic", "type", "at")[:count]
    return [LoggedEvent(*row) for row in columns]


def _pass_own(
    worker: Worker, events: list[LoggedEvent], means_by_type: MeansByType
) -> tuple[list[Recipient], bool]:
    """Move `own_position` over the events; return recipients, and whether those are all."""
    worker.own_position = events[-1].position
    recipients = [
        Recipient(event, event.user)
        for event in events
        if event.user is not None and event.type in means_by_type
    ]
    return recipients, True


def _pass_shared(
    worker: Worker, events: list[LoggedEvent], means_by_type: MeansByType
) -> tuple[list[Recipient], bool]:
    """Move `position` and `page` over a page of recipients; return them, and whether all are.

    An event with more recipients than fit begins on a page of its own, so that one that fills it
    is known to have many.
    """
    found: list[Recipient] = []
    for event in events:
        if event.user is None and event.type in means_by_type:
            recipients, resume_after = subscribers(event, worker.page, PAGE_RECIPIENTS - len(found))
            if resume_after is not None and found:
                return found, False
            found.extend(recipients)
            if resume_after is not None:
                worker.page = resume_after
                return found, False
        worker.position, worker.page = event.position, 0
    return found, True


# By the field of the worker's row that holds the pass's position. Own topics come first.
PASSES: dict[str, Pass] = {"own_position": _pass_own, "position": _pass_shared}
