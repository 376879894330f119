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
from django.db import router, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from hub.deliveries.backoff import MAX_ATTEMPTS, pause
from hub.deliveries.claims import abandoned, claim, claim_alike, release
from hub.deliveries.confirmation import Unconfirmed, postponed
from hub.deliveries.holding import Held
from hub.deliveries.means import Deferred, Letter, Means, Refused
from hub.deliveries.means_state import MeansState, text_of
from hub.deliveries.presence import Presence
from hub.deliveries.send_check import CHECK_VALID_SECONDS, SendCheck
from hub.models import Delivery
from hub.policy import Policy

logger = logging.getLogger("hub.deliveries")

BATCH_SIZE = 50  # deliveries that are claimed and checked together

State = Delivery.State
Parcel = list[Delivery]  # what is sent in one: a delivery, or a digest of one user
Outcome = Callable[[Delivery], dict[str, Any]]  # what changes in a row


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
        self._unwritten: tuple[Parcel, Outcome] | None = None

    def send_due(self) -> int:
        """Send up to BATCH_SIZE deliveries that are due; return how many were dealt with."""
        self._write_outcome()
        self._recover()
        available = [name for name, state in self._states.items() if state.is_available]
        due = claim(self._presence.holder, available, BATCH_SIZE)
        checked_at = time.monotonic()
        check = SendCheck(due, self._means, self._policy)
        left: list[Delivery] = []
        gone: set[int] = set()  # keys of what went with an earlier one
        for number, delivery in enumerate(due):
            if delivery.pk in gone:
                continue
            is_stale = time.monotonic() - checked_at > CHECK_VALID_SECONDS
            if self._stopping() or not self._presence.is_current or (number and is_stale):
                left.extend(one for one in due[number:] if one.pk not in gone)
                break
            if self._states[delivery.means].is_available:
                gone |= self._deal_with(delivery, check)
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

    def _deal_with(self, delivery: Delivery, check: SendCheck) -> set[int]:
        """Send a delivery, with those of its digest; return the keys of all that are done."""
        means, parcel = self._means[delivery.means], [delivery]
        types = check.digested_types(delivery) if means.digests else set()
        if types:
            parcel = claim_alike(self._presence.holder, delivery, types)
            check = SendCheck(parcel, self._means, self._policy)
        found = [(one, self._letter(one, check)) for one in parcel]
        ready = [one for one, letter in found if letter is not None]
        letters = [letter for _, letter in found if letter is not None]
        if ready:
            self._send(ready, letters, means)
        return {one.pk for one in parcel}

    def _letter(self, delivery: Delivery, check: SendCheck) -> Letter | None:
        """What is to be sent; else write what becomes of the delivery."""
        try:
            letter = check.letter(delivery)
        except DatabaseError:
            raise
        except Unconfirmed:
            self._change([delivery], postponed)
        except Held as held:
            self._change([delivery], _fixed(due_at=held.until, error=str(held)))
        except Exception as error:  # A policy failed: the others must not wait.
            self._cannot_write([delivery], error)
        else:
            if not isinstance(letter, str):
                return letter
            self._change([delivery], _fixed(state=State.SKIPPED, error=letter))
        return None

    def _send(self, parcel: Parcel, letters: list[Letter], means: Means) -> None:
        try:
            one = len(letters) == 1
            composed = means.compose(letters[0]) if one else means.compose_digest(letters)
        except DatabaseError:
            raise
        except Refused as refusal:
            self._give_up(parcel, str(refusal))
        except Exception as error:  # A template failed: the others must not wait.
            self._cannot_write(parcel, error)
        else:
            if self._opens(parcel) and self._begin(parcel):
                self._hand_over(parcel, means, composed)

    def _opens(self, parcel: Parcel) -> bool:
        """Open the means. If that fails, this parcel alone is put off."""
        try:
            self._states[parcel[0].means].open()
        except DatabaseError:
            raise
        except Exception as error:  # Whatever a means raises: nothing was handed over.
            self._put_off(parcel, text_of(error))
            return False
        return True

    def _begin(self, parcel: Parcel) -> bool:
        """Commit that it is being handed over; False where a part of it is no longer as known."""
        # The presence is checked again because opening may have taken long.
        if not self._presence.is_current:
            return False
        with transaction.atomic(using=router.db_for_write(Delivery)):
            for one in parcel:
                begun = self._unchanged(one).update(
                    state=State.SENDING, attempts=F("attempts") + 1, changed_at=timezone.now()
                )
                if not begun:
                    transaction.set_rollback(True, using=router.db_for_write(Delivery))
                    return False
        for one in parcel:
            one.state, one.attempts = State.SENDING, one.attempts + 1
        return True

    def _hand_over(self, parcel: Parcel, means: Means, composed: Any) -> None:
        try:
            means.send(composed)
        except Refused as refusal:
            self._end(parcel, _fixed(state=State.FAILED, error=str(refusal)))
        except Deferred as deferral:
            reason = str(deferral)
            self._end(parcel, lambda one: _again(one, reason))
        except Exception as error:  # Whatever it was: the other side may have accepted it.
            reason = text_of(error)
            logger.warning("unknown whether %s was accepted: %s", parcel[0], reason)
            self._end(parcel, lambda one: _unknown(one, reason))
        else:
            self._end(parcel, _sent)

    def _end(self, parcel: Parcel, outcome: Outcome) -> None:
        self._unwritten = parcel, outcome
        self._write_outcome()

    def _write_outcome(self) -> None:
        if self._unwritten is not None:
            self._change(*self._unwritten)
            self._unwritten = None

    def _change(self, parcel: Parcel, outcome: Outcome) -> None:
        """Write and end the claims, unless another worker has taken a delivery over meanwhile."""
        with transaction.atomic(using=router.db_for_write(Delivery)):
            for one in parcel:
                self._unchanged(one).update(
                    **outcome(one), claimed_by="", claimed_until=None, changed_at=timezone.now()
                )

    def _unchanged(self, delivery: Delivery) -> QuerySet[Delivery]:
        """The delivery's row, if it is still as we know it."""
        return Delivery.objects.filter(
            pk=delivery.pk,
            state=delivery.state,
            attempts=delivery.attempts,
            claimed_by=delivery.claimed_by,
        )

    def _cannot_write(self, parcel: Parcel, error: Exception) -> None:
        logger.error("cannot write %s, position %s", parcel[0], parcel[0].position, exc_info=error)
        self._put_off(parcel, text_of(error))

    def _put_off(self, parcel: Parcel, error: str) -> None:
        """Nothing was handed over; it counts as an attempt, so that attempts come to an end."""

        def outcome(delivery: Delivery) -> dict[str, Any]:
            tried = Delivery(attempts=delivery.attempts + 1)
            return {"attempts": tried.attempts, **_again(tried, error)}

        self._change(parcel, outcome)

    def _give_up(self, parcel: Parcel, error: str) -> None:
        self._change(
            parcel,
            lambda one: {"attempts": one.attempts + 1, "state": State.FAILED, "error": error},
        )

    def _recover(self) -> None:
        """Put back what was being handed over when a worker died or lost the database."""
        for delivery in abandoned(self._presence.holder):
            changes = _unknown(delivery, "the worker ended while this was being handed over")
            if changes["state"] == State.WAITING:
                changes["due_at"] = timezone.now()  # no mail server asked to wait
            self._change([delivery], _fixed(**changes))


def _fixed(**changes: Any) -> Outcome:
    """The same for each delivery."""
    return lambda delivery: changes


def _sent(delivery: Delivery) -> dict[str, Any]:
    erased = {"person": "", "address": "", "frame": ""} if delivery.address else {}
    return {"state": State.SENT, "error": "", **erased}


def _again(delivery: Delivery, error: str) -> dict[str, Any]:
    if delivery.attempts >= MAX_ATTEMPTS:
        return {"state": State.FAILED, "error": error}
    due_at = timezone.now() + pause(delivery.attempts)
    return {"state": State.WAITING, "due_at": due_at, "error": error}


def _unknown(delivery: Delivery, error: str) -> dict[str, Any]:
    return {**_again(delivery, error), "repeats": delivery.repeats + 1}
