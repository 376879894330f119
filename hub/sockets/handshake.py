"""From hello to a connection: who the user is, which topics it receives, where it starts.

The order keeps a right that is lost meanwhile from being missed: read the follower's position,
check, register, then apply every revocation above that position. The driver does the last two,
because revocations are events of the user's own topic.
"""

import asyncio
from collections.abc import Collection

import msgspec

from hub.identity import tickets
from hub.identity.authentication import Arrival, Authentication, Credentials, Identity
from hub.identity.session_cookie import session_key_of
from hub.limits import Limits
from hub.sockets import catch_up, protocol
from hub.sockets.acknowledgements import Acknowledgements
from hub.sockets.connection import Connection
from hub.sockets.protocol import Hello
from hub.sockets.services import Services
from hub.sockets.subscriptions import Interval, Subscriptions
from hub.sockets.window import Window


class Handshake(msgspec.Struct, frozen=True):
    """A connection that may begin.

    `checked_at`: the position up to which lost rights were known when the user was checked.
    `reason`: why it could not resume; None: nothing is missing. `takes_runs`: the client asked for
    several events in one frame.
    """

    connection: Connection
    user: Identity | None
    checked_at: int
    epoch: str
    head: int
    reason: str | None
    refused: dict[str, str]
    takes_runs: bool

    def welcome(self, connection_id: str, ping: float) -> str:
        """The frame that answers the hello."""
        subscriptions = self.connection.subscriptions
        return protocol.welcome(
            connection=connection_id,
            user=self.user.public if self.user else None,
            epoch=self.epoch,
            position=self.connection.cursor,
            head=self.head,
            reason=self.reason,
            topics=subscriptions.open_user_topics(),
            pages=list(subscriptions.requested_topics),
            refused=self.refused,
            ping=ping,
        )


async def perform(
    frame: Hello, headers: Collection[tuple[bytes, bytes]], services: Services
) -> Handshake:
    """Raises TicketExpired, TicketInvalid, or, where the check cannot be made, a database error
    or TimeoutError (the log has not been reached since the start)."""
    follower, limits = services.follower, services.limits
    if not follower.ready.is_set():
        async with asyncio.timeout(limits.hello):
            await follower.ready.wait()
    checked_at, epoch = follower.position, follower.epoch
    topics, beyond = protocol.split_topics(frame, limits.topics)
    # At most the position that was read: a cursor that turns out to be wrong starts there.
    after = min(frame.cursor[1], checked_at) if frame.cursor else checked_at
    arrival = Arrival(_credentials(frame, headers, limits), topics, after)
    found = await services.hello_checks.check(arrival)
    reason = _why_not_resumed(frame, found, epoch)
    cursor = checked_at if reason or frame.cursor is None else frame.cursor[1]
    connection = _connection(cursor, found, topics, limits)
    if not reason and await _is_too_far(connection, services):
        reason = "too_many"
        connection = _connection(checked_at, found, topics, limits)
    refused = {**found.refused, **dict.fromkeys(beyond, "too_many_topics")}
    head = max(follower.position, connection.cursor)
    return Handshake(
        connection, found.user, checked_at, epoch, head, reason, refused, bool(frame.runs)
    )


def _credentials(
    frame: Hello, headers: Collection[tuple[bytes, bytes]], limits: Limits
) -> Credentials:
    if frame.ticket is not None:
        return Credentials(ticket=tickets.verify(frame.ticket, limits.ticket_age))
    return Credentials(session_key=session_key_of(headers))


def _why_not_resumed(frame: Hello, found: Authentication, epoch: str) -> str | None:
    if frame.cursor is None:
        return None
    its_epoch, position = frame.cursor
    if its_epoch != epoch or found.state.epoch != epoch:
        return "epoch"
    if position > found.state.head:
        return "ahead"
    if position < found.state.horizon:
        return "pruned"
    return None


def _connection(
    cursor: int, found: Authentication, topics: Collection[str], limits: Limits
) -> Connection:
    user_topics: dict[str, list[Interval]] = {}
    for topic, since, until in found.own:
        if until is None or until > cursor:
            user_topics.setdefault(topic, []).append(Interval(since, until))
    requested_topics = {topic: cursor for topic in topics if topic not in found.refused}
    return Connection(
        cursor,
        Subscriptions(user_topics, requested_topics),
        Window(limits.window_events, limits.window_bytes),
        Acknowledgements(limits.ping, limits.pong, asyncio.get_running_loop().time()),
    )


async def _is_too_far(connection: Connection, services: Services) -> bool:
    """Whether more is missing than one replay gives."""
    cursor = connection.cursor
    if services.follower.position - cursor <= services.limits.replay:
        return False  # Not even the whole log since then is more.
    bounds = list(connection.subscriptions.bounds(cursor, services.follower.position))
    return await catch_up.has_more_than(services, cursor, bounds, services.limits.replay)
