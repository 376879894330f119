"""The sender: claims deliveries that are due, and hands them over one at a time.

It commits "sending" before it hands a letter over, and the reply afterwards. So a delivery that is
"sending" and whose worker is no longer alive was being handed over when the worker died. Only such
a delivery may reach the user twice.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.db import Error as DatabaseError
from django.db.models import F, QuerySet
from django.utils import timezone

from hub.deliveries.backoff import MAX_ATTEMPTS, pause
from hub.deliveries.claims import abandoned, claim, release
from hub.deliveries.confirmation import Unconfirmed, postponed
from hub.deliveries.means import Deferred, Means, Refused
from hub.deliveries.means_state import MeansState, text_of
from hub.deliveries.presence import Presence
from hub.deliveries.send_check import CHECK_VALID_SECONDS, SendCheck
from hub.models import Delivery
from hub.policy import Policy

logger = logging.getLogger("hub.deliveries")

BATCH_SIZE = 50  # deliveries that are claimed and checked together

State = Delivery.State


class Sender:
    """Sends what is due. `stopping` is asked before each letter: a worker that ends begins none."""

    def __init__(
        self,
        presence: Presence,
        policy: Policy,
        means: list[Means],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._presence = presence
        self._policy = policy
        self._means = {one.name: one for one in means}
        self._states = {one.name: MeansState(one) for one in means}
        self._stopping = stopping
        # The outcome of the last delivery, until it is in the database: it is written first.
        self._unwritten: tuple[Delivery, dict[str, Any]] | None = None

    def send_due(self) -> int:
        """Send up to BATCH_SIZE deliveries that are due; return how many were dealt with."""
        self._write_outcome()
        self._recover()
        available = [name for name, state in self._states.items() if state.is_available]
        due = claim(self._presence.holder, available, BATCH_SIZE)
        checked_at = time.monotonic()
        check = SendCheck(due, self._means, self._policy)
        left: list[Delivery] = []
        for number, delivery in enumerate(due):
            is_stale = time.monotonic() - checked_at > CHECK_VALID_SECONDS
            if self._stopping() or not self._presence.is_current or (number and is_stale):
                left.extend(due[number:])
                break
            if self._states[delivery.means].is_available:
                self._deal_with(delivery, check)
            else:
                left.append(delivery)
        release(self._presence.holder, left)
        dealt = len(due) - len(left)
        if not dealt:
            self.close()
        return dealt

    def close(self) -> None:
        """Close every means: nothing is due for now."""
        for means in self._means.values():
            means.close()

    def _deal_with(self, delivery: Delivery, check: SendCheck) -> None:
        means = self._means[delivery.means]
        try:
            letter = check.letter(delivery)
            composed = None if isinstance(letter, str) else means.compose(letter)
        except DatabaseError:
            raise
        except Unconfirmed:
            self._change(delivery, **postponed(delivery))
        except Refused as refusal:
            self._give_up(delivery, str(refusal))
        except Exception as error:  # A template or a policy failed: the others must not wait.
            logger.exception("cannot write %s, position %s", delivery, delivery.position)
            self._put_off(delivery, text_of(error))
        else:
            if isinstance(letter, str):
                self._change(delivery, state=State.SKIPPED, error=letter)
            elif self._opens(delivery) and self._begin(delivery):
                self._hand_over(delivery, means, composed)

    def _opens(self, delivery: Delivery) -> bool:
        """Open the means. If that fails, this delivery alone is put off."""
        try:
            self._states[delivery.means].open()
        except DatabaseError:
            raise
        except Exception as error:  # Whatever a means raises: nothing was handed over.
            self._put_off(delivery, text_of(error))
            return False
        return True

    def _begin(self, delivery: Delivery) -> bool:
        # The presence is checked again because opening may have taken long.
        if not self._presence.is_current or not self._unchanged(delivery).update(
            state=State.SENDING, attempts=F("attempts") + 1, changed_at=timezone.now()
        ):
            return False
        delivery.state, delivery.attempts = State.SENDING, delivery.attempts + 1
        return True

    def _hand_over(self, delivery: Delivery, means: Means, composed: Any) -> None:
        try:
            means.send(composed)
        except Refused as refusal:
            self._end(delivery, state=State.FAILED, error=str(refusal))
        except Deferred as deferral:
            self._end(delivery, **_again(delivery, str(deferral)))
        except Exception as error:  # Whatever it was: the other side may have accepted it.
            logger.warning("unknown whether %s was accepted: %s", delivery, text_of(error))
            self._end(delivery, **_unknown(delivery, text_of(error)))
        else:
            erased = {"person": "", "address": "", "frame": ""} if delivery.address else {}
            self._end(delivery, state=State.SENT, error="", **erased)

    def _end(self, delivery: Delivery, **changes: Any) -> None:
        self._unwritten = delivery, changes
        self._write_outcome()

    def _write_outcome(self) -> None:
        if self._unwritten is not None:
            delivery, changes = self._unwritten
            self._change(delivery, **changes)
            self._unwritten = None

    def _change(self, delivery: Delivery, **changes: Any) -> None:
        """Write and end the claim, unless another worker has taken the delivery over meanwhile."""
        self._unchanged(delivery).update(
            **changes, claimed_by="", claimed_until=None, changed_at=timezone.now()
        )

    def _unchanged(self, delivery: Delivery) -> QuerySet[Delivery]:
        """The delivery's row, if it is still as we know it."""
        return Delivery.objects.filter(
            pk=delivery.pk,
            state=delivery.state,
            attempts=delivery.attempts,
            claimed_by=delivery.claimed_by,
        )

    def _put_off(self, delivery: Delivery, error: str) -> None:
        """Nothing was handed over; it counts as an attempt, so that attempts come to an end."""
        tried = Delivery(attempts=delivery.attempts + 1)
        self._change(delivery, attempts=tried.attempts, **_again(tried, error))

    def _give_up(self, delivery: Delivery, error: str) -> None:
        self._change(delivery, attempts=delivery.attempts + 1, state=State.FAILED, error=error)

    def _recover(self) -> None:
        """Put back what was being handed over when a worker died or lost the database."""
        for delivery in abandoned(self._presence.holder):
            changes = _unknown(delivery, "the worker ended while this was being handed over")
            if changes["state"] == State.WAITING:
                changes["due_at"] = timezone.now()  # no mail server asked to wait
            self._change(delivery, **changes)


def _again(delivery: Delivery, error: str) -> dict[str, Any]:
    if delivery.attempts >= MAX_ATTEMPTS:
        return {"state": State.FAILED, "error": error}
    due_at = timezone.now() + pause(delivery.attempts)
    return {"state": State.WAITING, "due_at": due_at, "error": error}


def _unknown(delivery: Delivery, error: str) -> dict[str, Any]:
    return {**_again(delivery, error), "repeats": delivery.repeats + 1}
