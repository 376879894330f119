"""What one connection is subscribed to, as intervals of positions. Pure."""

from collections.abc import Collection, Iterable, Iterator

import msgspec


class Interval(msgspec.Struct, frozen=True):
    """since < position <= until; `until` None: for good."""

    since: int
    until: int | None = None

    def covers(self, position: int) -> bool:
        return self.since < position and (self.until is None or position <= self.until)


class Subscriptions:
    """`user_topics` come by themselves, in intervals; `requested_topics` the client asked for.

    A requested topic is received above a position. One topic can be both.
    """

    def __init__(
        self,
        user_topics: dict[str, list[Interval]] | None = None,
        requested_topics: dict[str, int] | None = None,
    ) -> None:
        self.user_topics = user_topics or {}
        self.requested_topics = requested_topics or {}

    def cover(self, topic: str, position: int) -> bool:
        """Whether the event is one of these: the one filter for live events and for catch-up."""
        since = self.requested_topics.get(topic)
        if since is not None and since < position:
            return True
        intervals = self.user_topics.get(topic)
        return intervals is not None and any(one.covers(position) for one in intervals)

    def cover_all(self, spans: Iterable[tuple[str, int, int]]) -> bool:
        """Whether all events of these topics, from a first to a last position, are covered."""
        for topic, first, last in spans:
            since = self.requested_topics.get(topic)
            if since is not None and since < first:
                continue
            intervals = self.user_topics.get(topic, ())
            if not any(one.covers(first) and one.covers(last) for one in intervals):
                return False
        return True

    def __contains__(self, topic: str) -> bool:
        return topic in self.requested_topics or topic in self.user_topics

    def topics(self) -> set[str]:
        return self.requested_topics.keys() | self.user_topics.keys()

    def open_user_topics(self) -> list[str]:
        """The user's topics without an end."""
        return [
            topic
            for topic, intervals in self.user_topics.items()
            if any(one.until is None for one in intervals)
        ]

    def bounds(self, cursor: int, upto: int) -> Iterator[tuple[str, int, int]]:
        """(topic, since, until) of all that lies after `cursor` and up to a position."""
        for topic, since in self.requested_topics.items():
            yield topic, max(since, cursor), upto
        for topic, intervals in self.user_topics.items():
            for one in intervals:
                until = upto if one.until is None else min(one.until, upto)
                requested = self.requested_topics.get(topic)
                if requested is not None:
                    if one.since >= requested:
                        continue
                    # Both the user's and requested: the part before the requested one.
                    until = min(until, requested)
                if until > cursor:
                    yield topic, max(one.since, cursor), until

    def request(self, topics: Iterable[str], position: int) -> None:
        """Receive these above `position`; those that were requested before stay as they are."""
        for topic in topics:
            self.requested_topics.setdefault(topic, position)

    def release(self, topics: Iterable[str]) -> list[str]:
        """No longer request these; those that were requested. The user's own topics stay."""
        released = [topic for topic in dict.fromkeys(topics) if topic in self.requested_topics]
        for topic in released:
            del self.requested_topics[topic]
        return released

    def open(self, topic: str, position: int) -> None:
        """The user receives `topic` above a position."""
        intervals = self.user_topics.setdefault(topic, [])
        if all(one.until is not None for one in intervals):
            intervals.append(Interval(position))

    def close(self, topic: str, position: int) -> None:
        """The user receives `topic` up to a position, which is decided; later intervals stand."""
        later = [one for one in self.user_topics.get(topic, []) if one.since >= position]
        if later:
            self.user_topics[topic] = later
        else:
            self.user_topics.pop(topic, None)

    def drop(self, topics: Collection[str]) -> None:
        """Receive these no more, requested or the user's own."""
        for topic in topics:
            self.requested_topics.pop(topic, None)
            self.user_topics.pop(topic, None)
