"""What a user has muted, and what remains of the log. A mute is about later events only."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from hub.log.by_topic import Span
from hub.log.row import Row


class Mutes:
    """The mutes of one user: topic, type, and the position after which each holds."""

    def __init__(self, mutes: Iterable[tuple[str, str, int]]) -> None:
        self._by_topic: dict[str, list[tuple[str, int]]] = {}
        for topic, type, since in mutes:
            self._by_topic.setdefault(topic, []).append((type, since))

    def hides(self, row: Row) -> bool:
        return any(
            type in ("", row.type) and row.position > since for type, since in self._on(row.topic)
        )

    def remaining(self, topic: str, since: int, until: int) -> Iterator[Span]:
        """The part of a span that is not muted, cut where the mute of a type begins."""
        mutes = self._on(topic)
        until = min([until, *(start for type, start in mutes if type == "")])
        cuts = sorted({start for _, start in mutes if since < start < until})
        for start, end in pairwise([since, *cuts, until]):
            yield topic, start, end, [type for type, at in mutes if type and at <= start]

    def _on(self, topic: str) -> list[tuple[str, int]]:
        return self._by_topic.get(topic, []) + self._by_topic.get("", [])
