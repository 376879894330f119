"""The sender: hands deliveries over, one at a time.

Before a letter is handed over, "sending" is committed; after the other side has answered, what
it said. So a delivery that is found in "sending" by anybody but who sends it is one whose
acceptance was in flight when something died: it alone may reach the person twice.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.db import Error as DatabaseError
from django.db import router, transaction
from django.db.models import F
from django.utils import timezone

from hub.deliveries.backoff import ATTEMPTS, pause
from hub.deliveries.lease import Lease
from hub.deliveries.means import Deferred, Means, Refused
from hub.deliveries.send_check import FRESH, Briefing
from hub.models import Delivery, Worker
from hub.policy import Policy

logger = logging.getLogger("hub.deliveries")

BATCH = 50  # deliveries looked up at once
REOPEN = 1.0  # seconds until a means that could not be opened is tried again; doubled each time
REOPEN_LONGEST = 60.0  # seconds

State = Delivery.State


class Sender:
    """`stopping` is asked between two letters: a worker that ends does not begin another."""

    def __init__(
        self,
        lease: Lease,
        policy: Policy,
        means: list[Means],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._lease = lease
        self._policy = policy
        self._means = {one.name: one for one in means}
        self._stopping = stopping
        # What a means answered while the database could not be told: written first of all.
        self._untold: tuple[Delivery, dict[str, Any]] | None = None
        self._failures = dict.fromkeys(self._means, 0)  # in a row, of open()
        self._closed = dict.fromkeys(self._means, 0.0)  # monotonic time until it is tried again
        self._well: set[str] = set()  # means that could be opened, and no error says otherwise

    def send_due(self) -> int:
        """Hand over what is due, BATCH deliveries at most; how many were dealt with.

        Raises LeaseLost.
        """
        self._tell()
        self._recover()
        rows = Delivery.objects.filter(
            state=State.WAITING, due_at__lte=timezone.now(), means__in=self._open_means()
        )
        due = list(rows.order_by("due_at", "pk")[:BATCH])
        briefed = time.monotonic()
        briefing = Briefing(due, self._means, self._policy)
        dealt = 0
        for delivery in due:
            if self._stopping() or not self._lease.is_held:
                break
            if dealt and time.monotonic() - briefed > FRESH:
                break
            if delivery.means in self._open_means():
                self._deal_with(delivery, briefing)
                dealt += 1
        if not dealt:
            self.close()
        return dealt

    def close(self) -> None:
        """Close what is open; nothing is due for now."""
        for means in self._means.values():
            means.close()

    def _open_means(self) -> list[str]:
        now = time.monotonic()
        return [name for name, closed in self._closed.items() if closed <= now]

    def _deal_with(self, delivery: Delivery, briefing: Briefing) -> None:
        means = self._means[delivery.means]
        try:
            letter = briefing.letter(delivery)
            composed = None if isinstance(letter, str) else means.compose(letter)
        except DatabaseError:
            raise
        except Refused as refusal:
            self._give_up(delivery, str(refusal))
        except Exception as error:  # A template, a policy: the others must not wait for it.
            logger.exception("cannot write %s, position %s", delivery, delivery.position)
            self._put_off(delivery, _text(error))
        else:
            if isinstance(letter, str):
                self._change(delivery, state=State.SKIPPED, error=letter)
            elif self._opens(delivery, means) and self._begin(delivery):
                self._hand_over(delivery, means, composed)

    def _opens(self, delivery: Delivery, means: Means) -> bool:
        """Open the means; where that fails, one delivery waits longer, and the means rests."""
        try:
            means.open()
        except Exception as error:  # Whatever a means raises: nothing was handed over.
            if not self._failures[means.name]:
                logger.warning("cannot send by %s, trying again: %s", means.name, _text(error))
                Worker.objects.filter(pk=1).update(error=f"{means.name}: {_text(error)}")
            self._failures[means.name] += 1
            rest = pause(self._failures[means.name], REOPEN, REOPEN_LONGEST)
            self._closed[means.name] = time.monotonic() + rest.total_seconds()
            self._put_off(delivery, _text(error))
            return False
        if self._failures[means.name]:
            logger.warning("sending by %s works again", means.name)
            self._failures[means.name] = 0
            self._well.discard(means.name)
        if means.name not in self._well:
            # The first time, too: the error may be that of an earlier worker.
            Worker.objects.filter(pk=1, error__startswith=f"{means.name}: ").update(error="")
            self._well.add(means.name)
        return True

    def _begin(self, delivery: Delivery) -> bool:
        rows = Delivery.objects.filter(pk=delivery.pk, state=State.WAITING)
        # The lease once more: opening may have taken long.
        if not self._lease.is_held or not rows.update(
            state=State.SENDING, attempts=F("attempts") + 1, changed_at=timezone.now()
        ):
            return False
        delivery.state, delivery.attempts = State.SENDING, delivery.attempts + 1
        return True

    def _hand_over(self, delivery: Delivery, means: Means, composed: Any) -> None:
        try:
            means.send(composed)
        except Refused as refusal:
            self._settle(delivery, state=State.FAILED, error=str(refusal))
        except Deferred as deferral:
            self._settle(delivery, **_again(delivery, str(deferral)))
        except Exception as error:  # Whatever it was: the other side may have taken it.
            logger.warning("unknown whether %s was taken: %s", delivery, _text(error))
            self._settle(delivery, **_unknown(delivery, _text(error)))
        else:
            forgotten = {"person": "", "address": "", "frame": ""} if delivery.address else {}
            self._settle(delivery, state=State.SENT, error="", **forgotten)

    def _settle(self, delivery: Delivery, **changes: Any) -> None:
        self._untold = delivery, changes
        self._tell()

    def _tell(self) -> None:
        if self._untold is not None:
            delivery, changes = self._untold
            self._change(delivery, **changes)
            self._untold = None

    def _change(self, delivery: Delivery, **changes: Any) -> None:
        """Write, unless another worker has taken over this delivery meanwhile."""
        rows = Delivery.objects.filter(
            pk=delivery.pk, state=delivery.state, attempts=delivery.attempts
        )
        rows.update(**changes, changed_at=timezone.now())

    def _put_off(self, delivery: Delivery, error: str) -> None:
        """It was not handed over; that counts as an attempt, so that it ends at some time."""
        tried = Delivery(attempts=delivery.attempts + 1)
        self._change(delivery, attempts=tried.attempts, **_again(tried, error))

    def _give_up(self, delivery: Delivery, error: str) -> None:
        self._change(delivery, attempts=delivery.attempts + 1, state=State.FAILED, error=error)

    def _recover(self) -> None:
        """What a worker that died, or this one without a database, left in the middle."""
        left = Delivery.objects.filter(state=State.SENDING)
        if not left.exists():
            return
        with transaction.atomic(using=router.db_for_write(Delivery)):
            self._lease.hold()  # what another worker is just handing over is not left behind
            for delivery in left:
                changes = _unknown(delivery, "the worker ended while this was being handed over")
                if changes["state"] == State.WAITING:
                    changes["due_at"] = timezone.now()  # no mail server asked for patience
                self._change(delivery, **changes)


def _again(delivery: Delivery, error: str) -> dict[str, Any]:
    if delivery.attempts >= ATTEMPTS:
        return {"state": State.FAILED, "error": error}
    due_at = timezone.now() + pause(delivery.attempts)
    return {"state": State.WAITING, "due_at": due_at, "error": error}


def _unknown(delivery: Delivery, error: str) -> dict[str, Any]:
    return {**_again(delivery, error), "repeats": delivery.repeats + 1}


def _text(error: BaseException) -> str:
    return str(error) or type(error).__name__
