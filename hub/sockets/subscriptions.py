"""What one connection hears, and every way in which that changes.

A page subscribes, the person's own subscriptions change, a right is lost: each is checked with
the one policy, and none lets an event through that the check did not cover.
"""

from collections.abc import Callable, Collection

from django.db import Error as DatabaseError

from hub.broadcast.fanout import Receiving
from hub.broadcast.ring import Entry
from hub.concurrency.threads import DatabaseThreads
from hub.events import data_of
from hub.identity import authentication
from hub.identity.authentication import Identity
from hub.publishing.revocation import RightsRevoked
from hub.sockets import catch_up, close_codes, protocol
from hub.sockets.close_codes import REVOKED, CloseCode
from hub.sockets.connection import Connection
from hub.sockets.protocol import Subscribe, Unsubscribe
from hub.sockets.sender import FrameSender
from hub.sockets.services import Services

REPLY_EVENTS = 100  # events a late subscription is given at most
REPLY_BYTES = 256 * 1024


class Hearing:
    """`noted`: the position up to which lost rights were known when the person was admitted."""

    def __init__(
        self,
        *,
        connection: Connection,
        person: Identity | None,
        noted: int,
        runtime: Services,
        socket: FrameSender,
        answer: Callable[[str], None],
        end: Callable[[CloseCode], None],
    ) -> None:
        self._connection = connection
        self._person = person
        self.noted = noted
        self._runtime = runtime
        self._socket = socket
        self._answer = answer
        self._end = end
        self._revoked = noted  # position of the last lost right that was obeyed
        self._receiving: Receiving | None = None

    def begin(self, receiving: Receiving) -> None:
        """From now on the fan-out serves `receiving` with what the connection hears."""
        self._receiving = receiving
        self._runtime.fanout.hear(receiving, self._connection.topics())

    def stop(self) -> None:
        if self._receiving is not None:
            self._runtime.fanout.ignore(self._receiving, self._connection.topics())
            self._receiving = None

    # What the page asks for

    async def subscribe(self, frame: Subscribe) -> None:
        """Check, register, answer."""
        most = self._runtime.limits.topics
        topics, beyond = protocol.split_topics(frame, most)
        try:
            refused = dict(await self._refusals_by_now(topics))
        except DatabaseError as error:
            text = "this cannot be checked now; try again"
            self._answer_refusal(frame, "unavailable", text, temporary=True)
            self._runtime.report(error)
            return
        if self._socket.closed:
            return
        granted = [topic for topic in topics if topic not in refused]
        room = most - len(self._connection.pages)
        new = [topic for topic in granted if topic not in self._connection.pages]
        refused |= dict.fromkeys([*new[max(room, 0) :], *beyond], "too_many_topics")
        granted = [topic for topic in granted if topic not in refused]
        position = self._runtime.follower.position
        # What it hears already comes in the stream; the rest begins behind this position.
        missing = [topic for topic in granted if not self._connection.hears(topic)]
        self._change(lambda: self._register(granted, position))
        events, recovered = await self._missed(missing, frame.since, position)
        # A right may have been lost while the log was read.
        refused |= {topic: "forbidden" for topic in granted if not self._connection.hears(topic)}
        granted = [topic for topic in granted if topic not in refused]
        if not granted:
            code = next(iter(refused.values()))
            self._answer_refusal(frame, code, "none of these topics was granted", refused)
            return
        self._answer(
            protocol.reply(
                frame.ref, topics=granted, refused=refused, events=events, recovered=recovered
            )
        )

    def _register(self, topics: Collection[str], position: int) -> None:
        for topic in topics:
            self._connection.pages.setdefault(topic, position)

    async def _missed(
        self, topics: Collection[str], since: int | None, upto: int
    ) -> tuple[list[str], bool]:
        """What came on these topics after `since`: all of it, or nothing and False.

        Positions may lie above the client's cursor, which they do not move: a client that resumes
        from below them is sent them again, and must know them by their ids.
        """
        if since is None or since >= upto or not topics:
            return [], True
        bounds = [(topic, since, upto) for topic in topics]
        try:
            page = await catch_up.page(self._runtime, since, bounds, REPLY_EVENTS + 1)
        except DatabaseError as error:
            self._runtime.report(error)
            return [], False
        if page is None:
            return [], False
        entries = [entry for entry in page.entries if self._connection.hears(entry.topic)]
        size = sum(entry.size for entry in entries)
        window = self._connection.window
        if len(entries) > min(REPLY_EVENTS, window.room_for_events):
            return [], False
        if size > min(REPLY_BYTES, window.room):
            return [], False
        # Their bytes are those of the reply.
        window.sent(self._connection.cursor, 0, events=len(entries))
        return [entry.text for entry in entries], True

    def unsubscribe(self, frame: Unsubscribe) -> None:
        """Ends what a page asked for; a person's own topics stay."""
        named = dict.fromkeys(frame.topics)  # each once, however often the frame names it
        asked_for = [topic for topic in named if topic in self._connection.pages]

        def forget() -> None:
            for topic in asked_for:
                del self._connection.pages[topic]

        self._change(forget)
        self._answer(protocol.reply(frame.ref, topics=asked_for, refused={}))

    # What the log says

    async def obey(self, entry: Entry) -> None:
        """Carry out `subscription.changed` in its place in the stream, or `rights.revoked`.

        A lost right may be obeyed before its place, and again there.
        """
        data = data_of(entry.text[1:])
        if entry.type == RightsRevoked.type:
            await self._obey_revocation(entry, data["reason"], data["session"])
        else:
            await self._obey_subscription(entry, data["subject"], data["on"])

    async def _obey_revocation(self, entry: Entry, reason: str, session: str | None) -> None:
        if entry.position <= self.noted:
            return  # Known when the person was admitted.
        self._revoked = max(self._revoked, entry.position)
        if reason not in REVOKED:
            await self.recheck()
        elif reason == "password" and await self._has_present_password():
            return  # Signed in again before the change had its position.
        elif session is None or (self._person and session == self._person.session):
            self._end(REVOKED[reason])

    async def _has_present_password(self) -> bool:
        if self._person is None:
            return False
        try:
            run = self._runtime.rights.run
            return await run(authentication.has_present_password, self._person)
        except DatabaseError as error:
            self._runtime.report(error)
            self._end(close_codes.UNCHECKED)
            return True

    async def _obey_subscription(self, entry: Entry, subject: str, on: bool) -> None:
        was = set(self._connection.own_open())
        if on and subject not in was:
            try:
                refused = await self._refusals_by_now([subject])
            except DatabaseError as error:
                self._runtime.report(error)
                self._end(close_codes.UNCHECKED)
                return
            if subject not in refused:
                self._change(lambda: self._connection.open_own(subject, entry.position))
        elif not on:
            self._change(lambda: self._connection.close_own(subject, entry.position))
        self._tell(was)

    async def recheck(self) -> None:
        """Ask the policy again about everything that is heard."""
        try:
            self.lose(await self._refusals(self.topics(), self._runtime.rights))
        except DatabaseError as error:
            self._runtime.report(error)
            self._end(close_codes.UNCHECKED)

    def topics(self) -> set[str]:
        return self._connection.topics()

    def lose(self, topics: Collection[str]) -> None:
        """Hear these no more, and tell the client."""
        was = set(self._connection.own_open())
        lost_pages = [topic for topic in topics if topic in self._connection.pages]
        self._change(lambda: self._connection.drop(topics))
        self._tell(was, lost_pages)

    async def _refusals_by_now(self, topics: Collection[str]) -> dict[str, str]:
        """As `_refusals`; where a right was lost while it was checked, it is checked again."""
        while True:
            revoked = self._revoked
            refused = await self._refusals(topics)
            if self._revoked == revoked:
                return refused

    async def _refusals(
        self, topics: Collection[str], database: DatabaseThreads | None = None
    ) -> dict[str, str]:
        found = await (database or self._runtime.database).run(
            authentication.refusals, self._runtime.policy, self._person, topics
        )
        if found is None:
            self._end(close_codes.DEACTIVATED)
            return dict.fromkeys(topics, "forbidden")
        return dict(found)

    def _change(self, change: Callable[[], object]) -> None:
        """Change what the connection hears, and the fan-out's index with it."""
        before = self._connection.topics()
        change()
        if self._receiving is not None:
            now = self._connection.topics()
            self._runtime.fanout.ignore(self._receiving, before - now)
            self._runtime.fanout.hear(self._receiving, now - before)

    def _tell(self, was: set[str], lost_pages: Collection[str] = ()) -> None:
        now = set(self._connection.own_open())
        added, removed = sorted(now - was), sorted((was - now) | set(lost_pages))
        if added or removed:
            self._answer(protocol.topics_changed(added, removed))

    def _answer_refusal(
        self,
        frame: Subscribe,
        code: str,
        text: str,
        refused: dict[str, str] | None = None,
        *,
        temporary: bool = False,
    ) -> None:
        self._answer(protocol.refusal(frame.ref, code, text, refused=refused, temporary=temporary))
