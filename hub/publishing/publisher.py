"""Appends events to the log in the caller's transaction, and wakes the relay once it commits."""

from collections.abc import Iterable
from datetime import datetime

from asgiref.sync import sync_to_async
from django.db import connections, router, transaction
from django.dispatch import Signal
from django.utils import timezone

from hub.errors import BadTopic, NotAtomic
from hub.events import EventType, encode_tail
from hub.limits import load_limits
from hub.models import Event
from hub.publishing.origin import current_origin, current_request
from hub.topics import check_topic, user_of

# The relays of this process listen to both; a process without a server has none.
committed = Signal()  # no arguments: there are committed rows without a position
ephemeral = Signal()  # topic, type, key, tail: an event that skips the log


def publish(event: EventType, topic: str) -> None:
    """Insert one event into the log, in the caller's transaction.

    Raises NotAtomic outside `atomic()`, BadTopic, BadEvent, or FrameTooLarge. After the commit the
    event reaches every browser that is subscribed to the topic; after a rollback it never was. One
    that protects an account (`security`) goes to a user's own topic, which cannot be muted; another
    one is a BadTopic.
    """
    publish_many([(event, topic)])


async def apublish(event: EventType, topic: str) -> None:
    """`publish` from async code, in a transaction of its own.

    Django has no transactions in async code. To commit a change together with its event, put both
    into one function, and call that with `sync_to_async`; or save a model of `hub.AtomicSave` with
    `asave()`, whose receivers publish. Raises what `publish` raises, except NotAtomic.
    """
    await sync_to_async(_publish_alone)(event, topic)


def _publish_alone(event: EventType, topic: str) -> None:
    with transaction.atomic(using=router.db_for_write(Event)):
        publish(event, topic)


def publish_many(events: Iterable[tuple[EventType, str]]) -> None:
    """Insert many events with one statement; otherwise as `publish`. They keep their order."""
    using = router.db_for_write(Event)
    if not transaction.get_connection(using).in_atomic_block:
        raise NotAtomic(_without_transaction(using))
    limit = load_limits().frame_out
    now = timezone.now()
    request_id, route = current_request()
    rows = [
        Event(
            frame=_tail(event, topic, now, limit),  # first: it validates
            topic=topic,
            type=event.type,
            at=now,
            shown=bool(event.title()),
            request_id=request_id,
            route=route,
        )
        for event, topic in events
    ]
    if not rows:
        return
    if len(rows) == 1:
        rows[0].save(using=using, force_insert=True)
    else:
        Event.objects.using(using).bulk_create(rows, batch_size=500)
    transaction.on_commit(_announce, using=using, robust=True)


def _tail(event: EventType, topic: str, now: datetime, limit: int) -> str:
    origin = current_origin() if getattr(event, "security", False) else ""
    tail = encode_tail(event, check_topic(topic), now, limit, origin)
    if event.security and user_of(topic) is None:
        raise BadTopic(
            f"{event.type!r} protects an account (security = True), and users can mute {topic!r}: "
            f"publish it to the topic of each user, user_topic(pk)"
        )
    return tail


def _without_transaction(using: str) -> str:
    others = [
        one.alias
        for one in connections.all(initialized_only=True)
        if one.alias != using and one.in_atomic_block
    ]
    if others:
        return (
            f"the transaction is one of the database {others[0]!r}, and the hub's log is in "
            f"{using!r}: no transaction covers both. Route the model and the hub to one database, "
            f"or open transaction.atomic(using={using!r}) as well, and accept two commits"
        )
    return (
        "publish() needs a transaction: put the change and its event into one "
        "transaction.atomic(), or give the model hub.AtomicSave"
    )


def publish_ephemeral(event: EventType, topic: str) -> None:
    """Send an event to the clients that are connected now, without the log.

    Inside `atomic()` it is sent after the commit, else at once. It has no position, and clients
    that are away never get it. A process without a server sends it through the channel layer, if
    that is shared; otherwise it is dropped, with a warning in the log.
    """
    tail = _tail(event, topic, timezone.now(), load_limits().frame_out)
    key = event.key() or ""

    def send() -> None:
        ephemeral.send_robust(sender=None, topic=topic, type=event.type, key=key, tail=tail)

    using = router.db_for_write(Event)
    if transaction.get_connection(using).in_atomic_block:
        transaction.on_commit(send, using=using, robust=True)
    else:
        send()


def _announce() -> None:
    committed.send_robust(sender=None)
