"""Deliveries with an address of their own, which the worker could not read from the account.

The last one to a user whose account is being deleted goes to an address that will be gone. One that
asks whether an address is the user's goes to an address that is not the account's yet. An address
must not be in an event, so the delivery has a copy.
"""

import secrets
from typing import Any

from django.db import router, transaction
from django.utils import timezone

from hub.deliveries.means import Means, load_means
from hub.errors import NotAtomic
from hub.events import EventType, encode_tail
from hub.inbox.preferences import wants
from hub.limits import load_limits
from hub.models import Delivery
from hub.topics import user_topic


def deliver_last(event: EventType, person: Any) -> None:
    """Deliver `event` to a user, an instance of the user model, that is about to be deleted.

    It goes out by each means that carries the event, has an address and is wanted. Publish the
    event as well: this function reaches no browser. Raises NotAtomic outside `atomic()`, and what
    `publish` raises for an event that cannot be shown. Once the delivery has been sent, address,
    user and text are erased from it.
    """
    for means in load_means():
        address = means.address(person)
        if address and wants([person.pk], event.type, means.preference):
            _deliver(event, person, means, address)


def deliver_to(address: str, event: EventType, person: Any) -> None:
    """Email `event` to an address that is not, or no longer, the one of this user.

    Whatever the user chose, it is sent, without a link to unsubscribe. Raises as `deliver_last`
    does. Once it has been sent, address, user and text are erased from the delivery.
    """
    for means in load_means():
        if means.name == "email":
            _deliver(event, person, means, address)


def _deliver(event: EventType, person: Any, means: Means, address: str) -> None:
    using = router.db_for_write(Delivery)
    if not transaction.get_connection(using).in_atomic_block:
        raise NotAtomic("a delivery belongs into the transaction of the change that it tells")
    if means.carries(type(event)):
        now = timezone.now()
        Delivery(
            type=event.type,
            person=str(person.pk),
            means=means.name,
            address=address,
            frame=encode_tail(event, user_topic(person.pk), now, load_limits().frame_out),
            due_at=now,
            reference=secrets.token_hex(16),
        ).save(using=using, force_insert=True)
