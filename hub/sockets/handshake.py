"""From hello to a connection: who it is, what it hears, where its stream starts.

The order is what keeps a right that is lost meanwhile from being missed: note the follower's
position, check, register, then obey every revocation above the noted position. The stream does
the last, because revocations are events of the person's own topic.
"""

import asyncio
from collections.abc import Collection

import msgspec

from hub.identity import authentication, tickets
from hub.identity.authentication import Authentication, Credentials, Identity
from hub.limits import Limits
from hub.sockets import catch_up, protocol
from hub.sockets.connection import Connection, Interval, Window
from hub.sockets.protocol import Hello
from hub.sockets.services import Services


class Greeting(msgspec.Struct, frozen=True):
    """A connection that may begin. `reason`: why it could not resume; None: nothing is missing."""

    connection: Connection
    person: Identity | None
    noted: int
    epoch: str
    head: int
    reason: str | None
    refused: dict[str, str]


async def greet(
    frame: Hello, headers: Collection[tuple[bytes, bytes]], runtime: Services
) -> Greeting:
    """Raises TicketExpired, TicketInvalid, or, where the check cannot be made, a database error
    or TimeoutError (the log has not been reached since the start)."""
    follower, database, limits = runtime.follower, runtime.database, runtime.limits
    async with asyncio.timeout(limits.hello):
        await follower.ready.wait()
    noted, epoch = follower.position, follower.epoch
    asked, beyond = protocol.split_topics(frame, limits.topics)
    # At most what is noted: a cursor that turns out to be wrong starts there.
    after = min(frame.cursor[1], noted) if frame.cursor else noted
    admitted = await database.run(
        authentication.authenticate,
        runtime.policy,
        _credentials(frame, headers, limits),
        asked,
        after,
    )
    reason = _why_not_resumed(frame, admitted, epoch)
    cursor = noted if reason or frame.cursor is None else frame.cursor[1]
    connection = _connection(cursor, admitted, asked, limits)
    if not reason and await _is_too_far(connection, runtime):
        reason = "too_many"
        connection = _connection(noted, admitted, asked, limits)
    refused = {**admitted.refused, **dict.fromkeys(beyond, "too_many_topics")}
    head = max(follower.position, connection.cursor)
    return Greeting(connection, admitted.person, noted, epoch, head, reason, refused)


def _credentials(
    frame: Hello, headers: Collection[tuple[bytes, bytes]], limits: Limits
) -> Credentials:
    if frame.ticket is not None:
        return Credentials(ticket=tickets.verify(frame.ticket, limits.ticket_age))
    return Credentials(session_key=authentication.session_key_of(headers))


def _why_not_resumed(frame: Hello, admitted: Authentication, epoch: str) -> str | None:
    if frame.cursor is None:
        return None
    its_epoch, position = frame.cursor
    if its_epoch != epoch or admitted.state.epoch != epoch:
        return "epoch"
    if position > admitted.state.head:
        return "ahead"
    if position < admitted.state.horizon:
        return "pruned"
    return None


def _connection(
    cursor: int, admitted: Authentication, topics: Collection[str], limits: Limits
) -> Connection:
    connection = Connection(cursor, Window(limits.window_events, limits.window_bytes))
    for topic, since, until in admitted.own:
        if until is None or until > cursor:
            connection.own.setdefault(topic, []).append(Interval(since, until))
    connection.pages = {topic: cursor for topic in topics if topic not in admitted.refused}
    return connection


async def _is_too_far(connection: Connection, runtime: Services) -> bool:
    """Whether more is due than one replay gives."""
    bounds = list(connection.bounds(runtime.follower.position))
    return await catch_up.is_more(runtime, connection.cursor, bounds, runtime.limits.replay)
