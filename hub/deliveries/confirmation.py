"""Deliveries that wait for the user's address to be confirmed."""

import datetime
from typing import Any

from django.utils import timezone

from hub.errors import HubError
from hub.models import Delivery

LONGEST_WAIT = datetime.timedelta(days=7)  # then they are given up
LOOK_AGAIN = datetime.timedelta(hours=1)  # where nobody says that the address was confirmed
WAITS = "the address is not confirmed yet"
GIVEN_UP = f"the address was not confirmed within {LONGEST_WAIT.days} days"


class Unconfirmed(HubError):
    """Whether the user's address is theirs is not known yet."""


def postponed(delivery: Delivery) -> dict[str, Any]:
    """What becomes of a delivery whose address is not confirmed. It is not an attempt."""
    now = timezone.now()
    end = delivery.created_at + LONGEST_WAIT
    if end <= now:
        return {"state": Delivery.State.FAILED, "error": GIVEN_UP}
    return {"due_at": min(now + LOOK_AGAIN, end), "error": WAITS}


def send_waiting(user: Any) -> int:
    """Let go out what waited for the address of this user; how many deliveries did.

    Call it in the transaction that confirms the address.
    """
    waiting = Delivery.objects.filter(
        person=str(user.pk), state=Delivery.State.WAITING, error=WAITS
    )
    return waiting.update(due_at=timezone.now(), error="")
