"""Claims: which worker sends which deliveries.

Any number of workers send at once. Each claims a batch for a moment, so that no two hand over the
same delivery. A delivery that has been begun belongs to its worker for as long as that is alive.
"""

import datetime
from collections.abc import Collection

from django.db import router, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from hub.deliveries.backoff import LONGEST_PAUSE
from hub.deliveries.holding import LONGEST_HOLD, REASONS
from hub.deliveries.presence import living
from hub.deliveries.send_check import CHECK_VALID_SECONDS
from hub.events import declared_types
from hub.models import Delivery
from hub.models.stamps import CLOCK_TOLERANCE

# A worker begins nothing of a batch after CHECK_VALID_SECONDS. So if it is held up by one email,
# the rest of its batch is free for the others.
CLAIM_TIME = datetime.timedelta(seconds=2 * CHECK_VALID_SECONDS)

MAX_DIGEST = 100  # deliveries in one email

State = Delivery.State


def is_free() -> Q:
    """No other worker is about to send it."""
    # A claim that is further ahead was made by a clock that was wrong.
    return (
        Q(claimed_until__isnull=True)
        | Q(claimed_until__lte=Now())
        | Q(claimed_until__gt=Now() + 2 * CLAIM_TIME)
    )


def claim(holder: str, means: Collection[str], limit: int) -> list[Delivery]:
    """Claim deliveries by these means that are due, and return them in the order to send them.

    What is personal comes before what is bulk; in each lane, what is due longest comes first.
    """
    with transaction.atomic(using=router.db_for_write(Delivery)):
        claimed: list[Delivery] = []
        for lane in Delivery.Lane:
            rows = Delivery.objects.filter(
                is_free(),
                state=State.WAITING,
                lane=lane,
                due_at__lte=timezone.now(),
                means__in=means,
            )
            # PostgreSQL passes over rows that another worker is just claiming. SQLite has one
            # writer at a time, and Django leaves the clause out.
            rows = rows.select_for_update(skip_locked=True).order_by("due_at", "pk")
            claimed.extend(rows[: limit - len(claimed)])
        _take(holder, claimed)
    return claimed


def claim_alike(holder: str, first: Delivery, types: Collection[str]) -> list[Delivery]:
    """Claim what is due of the same user, by the same means, of these types; with `first`, by age.

    At most MAX_DIGEST deliveries.
    """
    with transaction.atomic(using=router.db_for_write(Delivery)):
        rows = Delivery.objects.filter(
            is_free() | Q(claimed_by=holder),
            person=first.person,
            means=first.means,
            type__in=types,
            state=State.WAITING,
            due_at__lte=timezone.now(),
        )
        rows = rows.exclude(pk=first.pk).select_for_update(skip_locked=True).order_by("pk")
        others = list(rows[: MAX_DIGEST - 1])
        _take(holder, others)
    return sorted([first, *others], key=lambda one: one.pk)


def _take(holder: str, deliveries: Collection[Delivery]) -> None:
    rows = Delivery.objects.filter(pk__in=[one.pk for one in deliveries])
    rows.update(claimed_by=holder, claimed_until=Now() + CLAIM_TIME)
    for one in deliveries:
        one.claimed_by = holder


def make_misdated_due() -> int:
    """Let misdated deliveries be due now; return how many there were."""
    rows = misdated()
    return rows.update(due_at=timezone.now()) if rows.exists() else 0


def misdated() -> QuerySet[Delivery]:
    """Deliveries that wait for longer than any may: their times are from a clock that was ahead."""
    longest = max([LONGEST_PAUSE, *(kind.grace for kind in declared_types())])
    latest = timezone.now() + datetime.timedelta(seconds=longest) + CLOCK_TOLERANCE
    is_held = Q(error__in=REASONS, due_at__lte=timezone.now() + LONGEST_HOLD)
    return Delivery.objects.filter(~is_held, state=State.WAITING, due_at__gt=latest)


def release(holder: str, deliveries: Collection[Delivery]) -> None:
    """Give up claims of deliveries that have not been begun."""
    keys = [one.pk for one in deliveries]
    claimed = Delivery.objects.filter(pk__in=keys, state=State.WAITING, claimed_by=holder)
    claimed.update(claimed_by="", claimed_until=None)


def abandoned(holder: str) -> QuerySet[Delivery]:
    """Deliveries whose worker ended, or was this one, while it handed them over."""
    # One statement: a worker that begins meanwhile is seen together with what it has begun.
    others = living().exclude(holder=holder).filter(holder=OuterRef("claimed_by"))
    return Delivery.objects.filter(~Exists(others), state=State.SENDING)
