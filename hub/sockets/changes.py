"""Every change of what a connection is subscribed to: requests, control events, lost rights.

Each is checked with the one policy. No event is sent that the last check did not allow.

No I/O here: a change is a generator. It yields what it needs (a check, a page of the log), is sent
what was found, and returns the frame to send, or how the connection ends.
"""

from collections.abc import Collection, Generator, Mapping
from typing import Any

import msgspec

from hub.broadcast.ring import Entry
from hub.events import data_of
from hub.publishing.control_events import RightsRevoked, TopicClosed
from hub.sockets import protocol
from hub.sockets.close_codes import DEACTIVATED, REVOKED, CloseCode
from hub.sockets.connection import Connection
from hub.sockets.protocol import Subscribe, Unsubscribe

REPLY_EVENTS = 100  # events that a reply to a late subscription carries at most
REPLY_BYTES = 256 * 1024


class CheckTopics(msgspec.Struct, frozen=True):
    """Needs Checked. `is_urgent`: a right was lost, and no crowd of new clients may delay this."""

    topics: Collection[str]
    is_urgent: bool = False


class Checked(msgspec.Struct, frozen=True):
    """What the policy says. `head`: the follower's position when that was known.

    `refusals`: the refused topics, each with its code; None: the account is gone or deactivated.
    """

    refusals: Mapping[str, str] | None
    head: int


class CheckPassword(msgspec.Struct, frozen=True):
    """Needs a bool: whether the user connected with the password that the account has now."""


class ReadPage(msgspec.Struct, frozen=True):
    """Needs the oldest entries within (topic, since, until) bounds, at most `size`.

    None where some may have been removed, or where the log cannot be read.
    """

    after: int
    bounds: list[tuple[str, int, int]]
    size: int


Need = CheckTopics | CheckPassword | ReadPage
Outcome = str | CloseCode | None  # a frame to send, or the end, or nothing
Change = Generator[Need, Any, Outcome]


class Changes:
    """The changes of one connection's subscriptions.

    `checked_at`: the position up to which lost rights were known when the user was checked.
    `session`: the digest of the user's session. `max_topics`: that the client may request.
    """

    def __init__(
        self, connection: Connection, *, checked_at: int, session: str | None, max_topics: int
    ) -> None:
        self._connection = connection
        self._subscriptions = connection.subscriptions
        self.checked_at = checked_at
        self._session = session
        self._max_topics = max_topics
        self._revoked_at = checked_at  # the position of the last lost right that was applied

    # What the client requests

    def subscribe(self, frame: Subscribe) -> Change:
        """Check, register, reply."""
        subscriptions, limit = self._subscriptions, self._max_topics
        topics, beyond = protocol.split_topics(frame, limit)
        checked = yield from self._check(topics)
        if checked.refusals is None:
            return DEACTIVATED
        if self._connection.has_ended:
            return None
        refused = dict(checked.refusals)
        new = [
            topic
            for topic in topics
            if topic not in refused and topic not in subscriptions.requested_topics
        ]
        room = max(0, limit - len(subscriptions.requested_topics))
        refused |= dict.fromkeys([*new[room:], *beyond], "too_many_topics")
        granted = [topic for topic in topics if topic not in refused]
        # What it receives already comes in the stream; the rest begins behind this position.
        missing = [topic for topic in granted if topic not in subscriptions]
        subscriptions.request(granted, checked.head)
        events, recovered = yield from self._missed(missing, frame.since, checked.head)
        # A right may have been lost while the log was read.
        refused |= {topic: "forbidden" for topic in granted if topic not in subscriptions}
        granted = [topic for topic in granted if topic not in refused]
        if not granted:
            code = next(iter(refused.values()))
            return protocol.refusal(
                frame.ref, code, "none of these topics was granted", refused=refused
            )
        return protocol.reply(
            frame.ref, topics=granted, refused=refused, events=events, recovered=recovered
        )

    def _missed(
        self, topics: Collection[str], since: int | None, upto: int
    ) -> Generator[Need, Any, tuple[list[str], bool]]:
        """What came on these topics after `since`: all of it, or nothing and False.

        Positions may lie above the client's cursor, which they do not move: a client that resumes
        from below them is sent them again, and must know them by their ids.
        """
        if since is None or since >= upto or not topics:
            return [], True
        bounds = [(topic, since, upto) for topic in topics]
        found = yield ReadPage(since, bounds, REPLY_EVENTS + 1)
        if found is None:
            return [], False
        entries = [entry for entry in found if entry.topic in self._subscriptions]
        window = self._connection.window
        if len(entries) > min(REPLY_EVENTS, window.room_for_events):
            return [], False
        if sum(entry.size for entry in entries) > min(REPLY_BYTES, window.room):
            return [], False
        # Their bytes are those of the reply.
        pings = self._connection.acknowledgements.pings
        window.sent_other(pings, 0, events=len(entries))
        return [entry.text for entry in entries], True

    def unsubscribe(self, frame: Unsubscribe) -> str:
        """End what the client requested; the user's own topics stay."""
        released = self._subscriptions.release(frame.topics)
        return protocol.reply(frame.ref, topics=released, refused={})

    # What the log says

    def apply(self, entry: Entry) -> Change:
        """Apply a control event. A lost right may be applied before its place, and again there."""
        if entry.type == TopicClosed.type:
            return self._close_topic(entry)
        data = data_of(entry.text[1:])
        if entry.type != RightsRevoked.type:
            return (yield from self._change_subscription(entry, data["subject"], data["on"]))
        return (yield from self._revoke(entry, data["reason"], data["session"]))

    def _revoke(self, entry: Entry, reason: str, session: str | None) -> Change:
        if entry.position <= self.checked_at:
            return None  # Known when the user was checked.
        self._revoked_at = max(self._revoked_at, entry.position)
        if reason not in REVOKED:
            return (yield from self._recheck())
        if reason == "password" and (yield CheckPassword()):
            return None  # Signed in again before the change had its position.
        return REVOKED[reason] if session in (None, self._session) else None

    def _recheck(self) -> Change:
        checked = yield CheckTopics(self._subscriptions.topics(), is_urgent=True)
        return DEACTIVATED if checked.refusals is None else self.lose(checked.refusals)

    def _change_subscription(self, entry: Entry, subject: str, on: bool) -> Change:
        before = set(self._subscriptions.open_user_topics())
        if not on:
            self._subscriptions.close(subject, entry.position)
        elif subject not in before:
            checked = yield from self._check([subject])
            if checked.refusals is None:
                return DEACTIVATED
            if subject not in checked.refusals:
                self._subscriptions.open(subject, entry.position)
        return self._changed(before)

    def _close_topic(self, entry: Entry) -> str | None:
        before = set(self._subscriptions.open_user_topics())
        requested = self._subscriptions.release([entry.topic])
        self._subscriptions.close(entry.topic, entry.position)
        return self._changed(before, requested)

    def lose(self, topics: Collection[str]) -> str | None:
        """Receive these no more; the frame that says so, or None where nothing changes."""
        before = set(self._subscriptions.open_user_topics())
        requested = [one for one in topics if one in self._subscriptions.requested_topics]
        self._subscriptions.drop(topics)
        return self._changed(before, requested)

    def _check(self, topics: Collection[str]) -> Generator[Need, Any, Checked]:
        """Ask the policy; again where a right was lost while it was asked."""
        while True:
            revoked_at = self._revoked_at
            checked: Checked = yield CheckTopics(topics)
            if self._revoked_at == revoked_at:
                return checked

    def _changed(self, before: set[str], lost_requests: Collection[str] = ()) -> str | None:
        now = set(self._subscriptions.open_user_topics())
        added, removed = sorted(now - before), sorted((before - now) | set(lost_requests))
        return protocol.topics_changed(added, removed) if added or removed else None
