"""The last delivery to a user whose account is being deleted.

The worker comes too late to read the address, and an address must not be in an event. So the
transaction that deletes the account copies the address into the delivery.
"""

import secrets
from typing import Any

from django.db import router, transaction
from django.utils import timezone

from hub.deliveries.means import load_means
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
    using = router.db_for_write(Delivery)
    if not transaction.get_connection(using).in_atomic_block:
        raise NotAtomic("deliver_last() belongs into the transaction that deletes the account")
    now = timezone.now()
    frame = encode_tail(event, user_topic(person.pk), now, load_limits().frame_out)
    rows = [
        Delivery(
            type=event.type,
            person=str(person.pk),
            means=means.name,
            address=address,
            frame=frame,
            due_at=now,
            reference=secrets.token_hex(16),
        )
        for means in load_means()
        if means.carries(type(event))
        and (address := means.address(person))
        and wants([person.pk], event.type, means.preference)
    ]
    for row in rows:
        row.save(using=using, force_insert=True)
