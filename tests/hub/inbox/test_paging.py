"""The inbox by pages, and its cost."""

import random
import time
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hub import subscribe
from hub.inbox import COUNTED, mark, mark_all, undo
from hub.inbox.reading import MAX_ROWS_PER_PAGE
from hub.models import Event, InboxException, Log
from tests.hub.inbox.filling import analyze, fill
from tests.hub.reader import follow, inbox, texts, told
from tests.numbering import drain
from tests.rig.rounds import rounds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def test_pages_have_no_gap_and_no_repeat_while_new_events_arrive(ana):
    told(f"user.{ana.pk}", *(str(n) for n in range(10)))
    seen, before = [], None
    while True:
        page = inbox(ana).page(before=before, limit=3)
        seen += [item.frame["title"] for item in page.items]
        told(f"user.{ana.pk}", "new")
        if page.next is None:
            break
        before = page.next
    assert seen == [str(n) for n in reversed(range(10))]


def test_the_last_page_has_no_next(ana):
    told(f"user.{ana.pk}", "a", "b")
    assert inbox(ana).page(limit=2).next is None
    page = inbox(ana).page(limit=1)
    assert page.next == page.items[0].position


def test_pages_equal_a_plain_filter_for_any_sequence_of_flags(ana):
    """Random flags, states and limits, compared with a plain implementation of the rules."""
    chance = random.Random(11)
    follow(ana, "open.a")
    first = Log.objects.get().head + 1
    count = 60
    told("open.a", *(str(n) for n in range(count)))
    said: list[tuple[str, int, bool, bool, str]] = []  # what, position, on, through, undo
    for _ in range(90):
        what = chance.choice(["read", "archived"])
        position = first + chance.randrange(count)
        kind = chance.random()
        if kind < 0.12:
            said.append((what, position, True, True, mark_all(ana.pk, what, position)))
        elif kind < 0.2 and (marks := [one for one in said if one[3]]):
            gone = chance.choice(marks)
            assert undo(ana.pk, gone[4])
            said.remove(gone)
        else:
            on = chance.random() < 0.5
            if mark(ana.pk, what, position, on=on):
                said = [one for one in said if one[3] or one[:2] != (what, position)]
                said.append((what, position, on, False, ""))
        drain()
        if chance.random() < 0.15:
            _compare(ana, said, first, count, chance)


def _compare(user: Any, said: list[Any], first: int, count: int, chance: random.Random) -> None:
    def holds(what: str, position: int) -> bool:
        about = [
            on
            for kind, at, on, through, _ in said
            if kind == what and (at == position or (through and at >= position))
        ]
        return bool(about) and about[-1]

    every = list(reversed(range(first, first + count)))
    wanted = {
        "all": [p for p in every if not holds("archived", p)],
        "unread": [p for p in every if not holds("archived", p) and not holds("read", p)],
        "archived": [p for p in every if holds("archived", p)],
    }
    for state, expected in wanted.items():
        limit, before, found = chance.choice([1, 4, 100]), None, []
        while True:
            page = inbox(user).page(state, before, limit)
            found += page.items
            if page.next is None:
                break
            before = page.next
        assert [item.position for item in found] == expected, state
        for item in found:
            assert item.flags.read == holds("read", item.position)
            assert item.flags.archived == holds("archived", item.position)
    assert inbox(user).unread() == len(wanted["unread"])


# Cost


def statements(user: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        made = inbox(user)
        made.page()
        made.unseen()
        made.unread()
    return len(captured)


def test_the_cost_does_not_grow_with_the_log(ana):
    own = f"user.{ana.pk}"
    fill([own] * 100 + ["open.busy"] * 900)
    few = statements(ana)
    Event.objects.all().delete()
    Log.objects.update(head=0)
    fill([own] * 30 + ["open.busy"] * 69_970 + [own] * 30_000)
    follow(ana, "open.busy")
    assert statements(ana) == few
    analyze()
    for took in rounds(0.5):
        started = time.monotonic()
        page = inbox(ana).page(before=50_000, limit=20)
        assert inbox(ana).unseen() == COUNTED
        took(time.monotonic() - started)
    assert [item.position for item in page.items] == list(range(30, 10, -1))


def test_a_thousand_topics_are_one_statement(ana):
    topics = [f"open.t{n}" for n in range(1_000)]
    with transaction.atomic():
        for topic in topics:
            subscribe(ana.pk, topic)
    while drain().is_full:
        pass
    told("open.t7", "seven")
    told("open.t900", "nine hundred")
    with CaptureQueriesContext(connection) as captured:
        assert texts(ana) == ["nine hundred", "seven"]
    assert len(captured) < 12


def test_a_page_that_passes_over_many_rows_ends_early_and_the_next_goes_on(ana):
    own = f"user.{ana.pk}"
    fill([own] * (MAX_ROWS_PER_PAGE + 300))
    archived = range(101, MAX_ROWS_PER_PAGE + 301)
    InboxException.objects.bulk_create(
        InboxException(person=str(ana.pk), what="archived", position=one, on=True, turn=one)
        for one in archived
    )
    with CaptureQueriesContext(connection) as captured:
        first = inbox(ana).page(limit=20)
    assert first.items == [] and first.next is not None
    assert len(captured) < 60
    second = inbox(ana).page(before=first.next, limit=20)
    assert [item.position for item in second.items] == list(range(100, 80, -1))
    assert inbox(ana).unread() == 0
