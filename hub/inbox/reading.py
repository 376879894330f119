"""Reads an inbox newest first, one page at a time, at a cost that does not grow with the log."""

from collections.abc import Callable, Collection
from functools import cached_property
from typing import Any, Literal, get_args

import msgspec
from django.db.models import F, Q

from hub import log
from hub.inbox import preferences
from hub.inbox.flags import Flags, InboxFlags
from hub.inbox.frames import shown_frame
from hub.inbox.marks import marks_of, overrides_of
from hub.inbox.mutes import Mutes
from hub.inbox.reminder import origin_of, topics_of
from hub.inbox.unseen import COUNTED, MAX_INTERVALS, count_unseen
from hub.log import by_topic
from hub.log.readable import UNREADABLE, read_row
from hub.log.row import Row
from hub.models import Event, InboxException, Subscription
from hub.policy import Policy, current_policy
from hub.topics import user_topic

State = Literal["all", "unread", "snoozed", "archived"]
STATES: tuple[State, ...] = get_args(State)
ROW_COLUMNS = ("position", "topic", "type", "frame")
MAX_ROWS_PER_STATEMENT = 500
MAX_ROWS_PER_PAGE = 5_000  # that are looked at; then a page ends early, and the next one goes on
MAX_NEWS = 500  # newest events of the topics of snoozed ones that are searched for their keys


class Item(msgspec.Struct, frozen=True):
    """One event of an inbox. `frame` is what a socket would have sent, decoded."""

    position: int
    frame: dict[str, Any]
    flags: Flags


class Page(msgspec.Struct, frozen=True):
    """A page of items. `next` is the `before` of the page that follows, None at the end."""

    items: list[Item]
    next: int | None


class View(msgspec.Struct, frozen=True):
    """Where the events of a state are, and which of the rows found there belong to it.

    Most are in one range of positions, low < position <= high, above or below the watermarks. The
    others are found by their overrides.
    """

    low: int
    high: int
    overrides: Q
    keep: Callable[[Flags], bool]


class Inbox:
    """The events that one user received, may still receive and wants to be shown.

    It shows the log as it stood when it was first asked. `policy` replaces that of the setting
    `HUB["POLICY"]`, which decides what the user may receive now.
    """

    def __init__(self, user: Any, policy: Policy | None = None) -> None:
        self.person = str(user.pk)
        self._user = user
        self._policy = policy or current_policy()

    @cached_property
    def log(self) -> log.State:
        return log.state()

    def page(self, state: State = "all", before: int | None = None, limit: int = 20) -> Page:
        """The newest `limit` events of this state below the position `before`.

        `all` is every event that is neither archived nor snoozed. New events never move those of
        later pages. A page may have fewer events although another follows, if many rows had to be
        passed over.
        """
        items, reached = self._walk(self._view(state), before, limit + 1)
        if len(items) > limit:
            return Page(items[:limit], items[limit - 1].position)
        return Page(items, reached)

    def unseen(self) -> int:
        """The number of events that the user has not seen, at most COUNTED."""
        return count_unseen(self._user, self._policy)

    def unread(self) -> int:
        """The number of events that are neither read, archived nor snoozed, at most COUNTED.

        As far as MAX_ROWS_PER_PAGE rows reach.
        """
        items, _ = self._walk(self._view("unread"), None, COUNTED)
        return len(items)

    def newest(self, state: State, upto: int, limit: int) -> list[Item]:
        """The newest `limit` events of this state up to a position, as far as a page reaches."""
        items, _ = self._walk(self._view(state), upto + 1, limit)
        return items

    def has(self, position: int) -> bool:
        """Whether the user was shown this event, in the inbox or only as a toast."""
        return self.find(position) is not None

    is_due = has  # the name that projects know

    def find(self, position: int) -> Item | None:
        """This event, if the user was shown it, in the inbox or only as a toast."""
        found = self.find_all([position])
        return found[0] if found else None

    def find_all(self, positions: Collection[int]) -> list[Item]:
        """Those of these events that the user was shown, as `find`."""
        if not positions:
            return []
        shown = Event.objects.exclude(type__in=preferences.hidden_types())
        values: Any = shown.filter(position__in=positions).values_list(*ROW_COLUMNS)
        rows = [read_row(*value) for value in values]
        return self._items(
            [
                row
                for row in rows
                if row.type != UNREADABLE and _is_within(row.topic, row.position, self._received)
            ]
        )

    def has_news(self, item: Item) -> bool:
        """Whether the user received a later event of the same topic and key."""
        return item.position in self._positions_with_news([item])

    @cached_property
    def _received(self) -> dict[str, list[tuple[int, int]]]:
        """By topic the (since, until) of what the user received and may still receive."""
        head, horizon = self.log.head, self.log.horizon
        spans: dict[str, list[tuple[int, int]]] = {user_topic(self.person): [(0, head)]}
        intervals = Subscription.objects.filter(person=self.person).exclude(until__lte=horizon)
        intervals = intervals.order_by(F("until").desc(nulls_first=True))[:MAX_INTERVALS]
        for topic, since, until in intervals.values_list("topic", "since", "until"):
            spans.setdefault(topic, []).append((since, head if until is None else until))
        for topic in self._policy.refusals(self._user, list(spans)):
            del spans[topic]
        return {
            topic: [(max(since, horizon), min(until, head)) for since, until in some]
            for topic, some in spans.items()
        }

    @cached_property
    def _flags(self) -> InboxFlags:
        return marks_of(self.person)

    @cached_property
    def _mutes(self) -> Mutes:
        return Mutes(preferences.mutes_since(self.person))

    @cached_property
    def _hidden(self) -> set[str]:
        """The types that are not shown, whatever their topic."""
        chosen = preferences.preferences_of(self.person)
        off = {type for type, choice in chosen.items() if not choice.inbox}
        return preferences.hidden_types() | off

    def _view(self, state: State) -> View:
        archived, head = self._flags.watermark("archived"), self.log.head
        if state == "snoozed":
            away = Q(what="snoozed", on=True, until__isnull=False)
            return View(0, 0, away, lambda flags: flags.snoozed and flags.until is not None)
        if state == "archived":
            on = Q(what="archived", on=True)
            return View(0, archived, on, lambda flags: flags.archived and not flags.snoozed)
        off = Q(what="archived", on=False)
        if state == "unread":
            low = self._flags.watermark("read", "archived")
            off |= Q(what="read", on=False)
            return View(
                low, head, off, lambda flags: not (flags.read or flags.archived or flags.snoozed)
            )
        return View(archived, head, off, lambda flags: not (flags.archived or flags.snoozed))

    def _walk(self, view: View, before: int | None, limit: int) -> tuple[list[Item], int | None]:
        """The newest `limit` items of a view, and where to go on if more rows may follow."""
        before = self.log.head + 1 if before is None else before
        found: list[Item] = []
        looked_at, size = 0, min(limit, MAX_ROWS_PER_STATEMENT)
        while looked_at < MAX_ROWS_PER_PAGE:
            candidates = self._rows_in_range(view, before, size)
            overridden = self._overridden_outside(view, before, size)
            positions = sorted({*(row.position for row in candidates), *overridden}, reverse=True)
            here = set(positions[:size])
            candidates = [row for row in candidates if row.position in here]
            candidates += self._rows_at([one for one in overridden if one in here])
            found += self._kept(view, candidates)
            if len(found) >= limit or len(positions) < size:
                return found[:limit], None
            looked_at += size
            before, size = min(here), min(size * 2, MAX_ROWS_PER_STATEMENT)
        return found, before

    def _rows_in_range(self, view: View, before: int, size: int) -> list[Row]:
        low, high = view.low, min(view.high, before - 1)
        spans: list[by_topic.Span] = [
            span
            for topic, some in self._received.items()
            for since, until in some
            for span in self._mutes.remaining(topic, max(since, low), min(until, high))
        ]
        return by_topic.newest(spans, self._hidden, size)

    def _overridden_outside(self, view: View, before: int, size: int) -> list[int]:
        """The newest positions outside of the range whose overrides the view asks for."""
        outside = Q(position__lte=view.low) | Q(position__gt=view.high)
        found = InboxException.objects.filter(
            view.overrides, outside, person=self.person, position__lt=before
        )
        found = found.filter(position__gt=self.log.horizon).order_by("-position")
        return list(found.values_list("position", flat=True).distinct()[:size])

    def _rows_at(self, positions: list[int]) -> list[Row]:
        if not positions:
            return []
        found = Event.objects.filter(position__in=positions).exclude(type__in=self._hidden)
        values: Any = found.values_list(*ROW_COLUMNS)
        return [
            row
            for row in (read_row(*value) for value in values)
            if _is_within(row.topic, row.position, self._received) and not self._mutes.hides(row)
        ]

    def _kept(self, view: View, candidates: list[Row]) -> list[Item]:
        candidates.sort(key=lambda row: row.position, reverse=True)
        # A row that cannot be read has no title.
        items = [item for item in self._items(candidates) if item.frame["title"]]
        return [item for item in items if view.keep(item.flags)]

    def _items(self, rows: list[Row]) -> list[Item]:
        """The rows with the user's flags. News of the same subject ends a snooze."""
        self._flags.add(overrides_of(self.person, [row.position for row in rows]))
        items = [Item(row.position, shown_frame(row), self._flags.of(row.position)) for row in rows]
        lost = self._lost_origins(items)
        items = [item for item in items if origin_of(item.frame) not in lost]
        back = self._positions_with_news([item for item in items if item.flags.until is not None])
        return [_without_snooze(item) if item.position in back else item for item in items]

    def _lost_origins(self, items: list[Item]) -> set[str]:
        """The topics of what reminders bring back that the user may not receive any more."""
        origins = {origin_of(item.frame) for item in items} - self._received.keys()
        return set(self._policy.refusals(self._user, origins)) if origins else set()

    def _positions_with_news(self, items: list[Item]) -> set[int]:
        """The positions of those items whose key a later event of the same topic has."""
        keyed = [item for item in items if item.frame.get("key")]
        spans: list[by_topic.Span] = [
            (topic, max(since, item.position), until, [])
            for item in keyed
            for topic in topics_of(item.frame)
            for since, until in self._received.get(topic, ())
        ]
        latest: dict[str, int] = {}
        for row in by_topic.newest(spans, self._hidden, MAX_NEWS):
            latest.setdefault(shown_frame(row).get("key") or "", row.position)
        return {item.position for item in keyed if latest.get(item.frame["key"], 0) > item.position}


def _without_snooze(item: Item) -> Item:
    flags = msgspec.structs.replace(item.flags, snoozed=False, until=None)
    return msgspec.structs.replace(item, flags=flags)


def _is_within(topic: str, position: int, spans: dict[str, list[tuple[int, int]]]) -> bool:
    return any(since < position <= until for since, until in spans.get(topic, ()))
