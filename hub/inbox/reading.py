"""Reading an inbox: newest first, a page at a time, at a cost that does not grow with the log."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal, get_args

import msgspec
from django.db.models import F, Q

from hub import log
from hub.events import frame_of
from hub.inbox import preferences
from hub.inbox.marks import singles_of, words_of
from hub.inbox.words import Flags, Words
from hub.log import by_topic
from hub.log.numbering import Row
from hub.models import Event, InboxException, Subscription
from hub.policy import Policy
from hub.topics import user_topic

State = Literal["all", "unread", "archived"]
STATES: tuple[State, ...] = get_args(State)
COUNTED = 100  # counts stop here, a badge says "99+"
MOST_READ = 500  # rows of one statement
INTERVALS = 5_000  # of one person that are read; beyond them the oldest ended ones are left out


class Item(msgspec.Struct, frozen=True):
    """One event of the inbox; `frame` is what a socket would have sent, decoded."""

    position: int
    frame: dict[str, Any]
    flags: Flags


class Page(msgspec.Struct, frozen=True):
    """`next`: what `before` is for the page that follows, None at the end."""

    items: list[Item]
    next: int | None


class View(msgspec.Struct, frozen=True):
    """Where to look for a state's events, and which of them to keep.

    Most are in one range of positions, above or below the watermarks. The others are found by
    the words about single events.
    """

    low: int
    high: int
    singles: Q | None
    keep: Callable[[Flags], bool]


class Inbox:
    """What one person is due, may hear and wants to be shown, as it stood when it was made."""

    def __init__(self, user: Any, policy: Policy) -> None:
        self.person = str(user.pk)
        self.log = log.state()
        self._user = user
        self._policy = policy

    def page(self, state: State = "all", before: int | None = None, limit: int = 20) -> Page:
        """The newest `limit` events of this state below the position `before`.

        `all` is what was not archived. New events never move those that follow a page.
        """
        items = self._walk(self._view(state), before, limit + 1)
        more = len(items) > limit
        return Page(items[:limit], items[limit - 1].position if more else None)

    def unseen(self) -> int:
        """How many events the person has not seen, at most COUNTED."""
        low = self._words.top("seen", "read", "archived")
        if low >= self.log.head:
            return 0  # without a look at the log: most pages of most people
        view = View(low, self.log.head, None, lambda flags: not flags.seen)
        return len(self._walk(view, None, COUNTED))

    def unread(self) -> int:
        """How many events are unread and not archived, at most COUNTED."""
        return len(self._walk(self._view("unread"), None, COUNTED))

    def is_due(self, position: int) -> bool:
        """Whether this event was shown to the person, in the inbox or as a toast only."""
        return self.find(position) is not None

    def find(self, position: int) -> Item | None:
        """This event, if it was shown to the person, in the inbox or as a toast only."""
        shown = Event.objects.exclude(type__in=preferences.hidden_types())
        row = shown.filter(position=position).values_list("topic", "frame").first()
        if row is None or not _is_within(row[0], position, self._due):
            return None
        self._words.add(singles_of(self.person, [position]))
        return Item(position, frame_of(row[1]), self._words.flags(position))

    @cached_property
    def _due(self) -> dict[str, list[tuple[int, int]]]:
        """By topic the (since, until) of what the person is due and may hear now."""
        head, horizon = self.log.head, self.log.horizon
        spans: dict[str, list[tuple[int, int]]] = {user_topic(self.person): [(0, head)]}
        intervals = Subscription.objects.filter(person=self.person).exclude(until__lte=horizon)
        intervals = intervals.order_by(F("until").desc(nulls_first=True))[:INTERVALS]
        for topic, since, until in intervals.values_list("topic", "since", "until"):
            spans.setdefault(topic, []).append((since, head if until is None else until))
        for topic in self._policy.refusals(self._user, list(spans)):
            del spans[topic]
        return {
            topic: [(max(since, horizon), min(until, head)) for since, until in some]
            for topic, some in spans.items()
        }

    @cached_property
    def _words(self) -> Words:
        return words_of(self.person)

    @cached_property
    def _muted(self) -> dict[str, list[str]]:
        """By topic the types that are muted on it; "" among the types: all of them."""
        muted: dict[str, list[str]] = {}
        for topic, type in preferences.mutes_of(self.person):
            muted.setdefault(topic, []).append(type)
        return muted

    @cached_property
    def _wanted(self) -> dict[str, list[tuple[int, int]]]:
        """As `_due`, without muted topics."""
        return {
            topic: spans
            for topic, spans in self._due.items()
            if "" not in self._muted.get(topic, ())
        }

    @cached_property
    def _hidden(self) -> set[str]:
        """Types that are not shown on any topic."""
        chosen = preferences.preferences_of(self.person)
        off = {type for type, choice in chosen.items() if not choice.inbox}
        return preferences.hidden_types() | off | set(self._muted.get("", ()))

    def _view(self, state: State) -> View:
        archived, both = self._words.top("archived"), self._words.top("read", "archived")
        if state == "archived":
            on = Q(what="archived", on=True)
            return View(0, archived, on, lambda flags: flags.archived)
        off = Q(what="archived", on=False)
        if state == "unread":
            off |= Q(what="read", on=False)
            return View(both, self.log.head, off, lambda flags: not (flags.read or flags.archived))
        return View(archived, self.log.head, off, lambda flags: not flags.archived)

    def _walk(self, view: View, before: int | None, limit: int) -> list[Item]:
        before = self.log.head + 1 if before is None else before
        found: list[Item] = []
        size = min(limit, MOST_READ)
        while True:
            candidates = self._rows_of_range(view, before, size)
            singles = self._positions_of_singles(view, before, size)
            positions = sorted({*(row.position for row in candidates), *singles}, reverse=True)
            here = positions[:size]
            candidates = [row for row in candidates if row.position in set(here)]
            candidates += self._rows_at([one for one in singles if one in set(here)])
            found += self._kept(view, candidates)
            if len(found) >= limit or len(positions) < size:
                return found[:limit]
            before, size = here[-1], min(size * 2, MOST_READ)

    def _rows_of_range(self, view: View, before: int, size: int) -> list[Row]:
        low, high = view.low, min(view.high, before - 1)
        spans: list[by_topic.Span] = [
            (topic, max(since, low), min(until, high), self._muted.get(topic, []))
            for topic, some in self._wanted.items()
            for since, until in some
        ]
        return by_topic.newest(spans, self._hidden, size)

    def _positions_of_singles(self, view: View, before: int, size: int) -> list[int]:
        """Those outside of the range that the person has spoken of."""
        if view.singles is None:
            return []
        outside = Q(position__lte=view.low) | Q(position__gt=view.high)
        found = InboxException.objects.filter(
            view.singles, outside, person=self.person, position__lt=before
        )
        found = found.filter(position__gt=self.log.horizon).order_by("-position")
        return list(found.values_list("position", flat=True).distinct()[:size])

    def _rows_at(self, positions: list[int]) -> list[Row]:
        if not positions:
            return []
        found = Event.objects.filter(position__in=positions).exclude(type__in=self._hidden)
        values: Any = found.values_list("position", "topic", "type", "frame")
        return [
            row
            for row in (Row(*value) for value in values)
            if _is_within(row.topic, row.position, self._wanted)
            and row.type not in self._muted.get(row.topic, ())
        ]

    def _kept(self, view: View, candidates: list[Row]) -> list[Item]:
        candidates.sort(key=lambda row: row.position, reverse=True)
        self._words.add(singles_of(self.person, [row.position for row in candidates]))
        items = (
            Item(row.position, frame_of(row.tail), self._words.flags(row.position))
            for row in candidates
        )
        return [item for item in items if item.frame.get("title") and view.keep(item.flags)]


def _is_within(topic: str, position: int, spans: dict[str, list[tuple[int, int]]]) -> bool:
    return any(since < position <= until for since, until in spans.get(topic, ()))
