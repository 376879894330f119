"""The inbox: what is in it, how it is read page by page, and what people say of its events."""

import datetime
import json
import random
import threading
import time
from typing import Any, ClassVar

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hub import EventType, preferences, publish, revoke, subscribe, unsubscribe
from hub.events import data_of
from hub.inbox import COUNTED, Inbox, forget, has_seen, mark, mark_all, rows, seen_by, undo
from hub.inbox.marks import UNDOABLE
from hub.models import Event, InboxException, InboxMark, InboxState, Log
from hub.numbering import drain, ensure_log
from hub.pruning import prune
from tests.hub.site import SitePolicy, change_person, make_person, tell

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


class Silent(EventType, frozen=True):
    """For programs: no title."""

    type: ClassVar[str] = "test.silent"


@pytest.fixture
def ana() -> Any:
    return make_person("ana")


def inbox(user: Any) -> Inbox:
    return Inbox(user, SitePolicy())


def texts(user: Any, state: Any = "all", **options: Any) -> list[str]:
    return [item.frame["title"] for item in inbox(user).page(state, **options).items]


def counts(user: Any) -> tuple[int, int]:
    made = inbox(user)
    return made.unseen(), made.unread()


def told(topic: str, *words: str) -> list[int]:
    """Publish and number; the positions."""
    before = Log.objects.get().head if Log.objects.exists() else 0
    tell(topic, *words)
    drain()
    rows = Event.objects.filter(position__gt=before, topic=topic, type="test.told")
    return list(rows.order_by("position").values_list("position", flat=True))


def follow(user: Any, topic: str, on: bool = True) -> None:
    with transaction.atomic():
        (subscribe if on else unsubscribe)(user.pk, topic)
    drain()


def changes() -> list[dict[str, Any]]:
    """What the person's other tabs were told."""
    rows = Event.objects.filter(type="inbox.changed").order_by("pk")
    return [data_of(frame) for frame in rows.values_list("frame", flat=True)]


# What is in it


def test_the_inbox_is_the_log_through_the_persons_subscriptions(ana):
    told("open.a", "too early")
    follow(ana, "open.a")
    told("open.a", "due")
    told("open.b", "not mine")
    told(f"user.{ana.pk}", "my own")
    follow(ana, "open.a", on=False)
    told("open.a", "too late")
    assert texts(ana) == ["my own", "due"]


def test_somebody_elses_events_are_not_in_it(ana):
    ben = make_person("ben")
    told(f"user.{ben.pk}", "for ben")
    assert texts(ana) == []
    assert texts(ben) == ["for ben"]


def test_who_comes_back_to_a_topic_has_both_intervals_and_nothing_twice(ana):
    follow(ana, "open.a")
    told("open.a", "first")
    follow(ana, "open.a", on=False)
    told("open.a", "away")
    follow(ana, "open.a")
    told("open.a", "second")
    assert texts(ana) == ["second", "first"]


def test_types_for_programs_are_hidden(ana):
    follow(ana, "open.a")
    (position,) = told(f"user.{ana.pk}", "shown")
    mark(ana.pk, "read", position)
    with transaction.atomic():
        publish(Silent(), f"user.{ana.pk}")
        revoke(ana.pk, "permissions")
    drain()
    assert Event.objects.count() == 5
    assert texts(ana) == ["shown"]


def test_an_event_with_an_empty_title_is_hidden(ana):
    told(f"user.{ana.pk}", "a", "", "b")
    assert texts(ana, limit=2) == ["b", "a"]


def test_the_policy_decides_also_about_what_was_due(ana):
    change_person(ana, is_staff=True)
    ana.refresh_from_db()
    follow(ana, "staff")
    (secret,) = told("staff", "for staff")
    mark(ana.pk, "archived", secret)
    assert texts(ana, "archived") == ["for staff"]
    change_person(ana, is_staff=False)
    ana.refresh_from_db()
    assert texts(ana, "archived") == texts(ana) == []
    assert not inbox(ana).is_due(secret)
    assert counts(ana) == (0, 0)


def test_a_topic_that_is_gone_takes_its_events_along(ana):
    follow(ana, "gone.b")
    told("gone.b", "what was it")
    assert texts(ana) == []


def test_what_is_behind_the_horizon_is_gone(ana):
    old, new = told(f"user.{ana.pk}", "old", "new")
    mark(ana.pk, "read", old)
    mark(ana.pk, "read", old, on=False)
    Log.objects.update(horizon=old)
    assert texts(ana) == texts(ana, "unread") == ["new"]
    assert not inbox(ana).is_due(old)
    assert inbox(ana).is_due(new)


def test_unnumbered_events_are_not_there_yet(ana):
    ensure_log()
    tell(f"user.{ana.pk}", "in flight")
    assert texts(ana) == []
    drain()
    assert texts(ana) == ["in flight"]


def test_only_what_is_due_and_shown_can_be_marked(ana):
    (mine,) = told(f"user.{ana.pk}", "mine")
    (other,) = told("open.a", "not subscribed")
    mark(ana.pk, "read", mine)
    drain()
    notice = Event.objects.get(type="inbox.changed").position
    assert [inbox(ana).is_due(p) for p in (mine, other, notice, 999, 0)] == [True] + [False] * 4


# Preferences and mutes


def test_a_type_that_is_not_wanted_is_hidden_until_it_is_wanted_again(ana):
    told(f"user.{ana.pk}", "one")
    preferences.choose(ana.pk, {"test.told": {"inbox": False}})
    assert texts(ana) == []
    assert counts(ana) == (0, 0)
    preferences.choose(ana.pk, {"test.told": {"inbox": True}})
    assert texts(ana) == ["one"]


def test_toast_and_mail_preferences_do_not_touch_the_inbox(ana):
    told(f"user.{ana.pk}", "one")
    preferences.choose(ana.pk, {"test.told": {"toast": False, "email": False}})
    assert texts(ana) == ["one"]


@pytest.mark.parametrize(
    ("muted", "left"),
    [
        ({"topic": "open.a"}, ["b"]),
        ({"type": "test.told"}, []),
        ({"topic": "open.a", "type": "test.told"}, ["b"]),
        ({"topic": "open.c"}, ["b", "a"]),
    ],
)
def test_mutes_hide_a_topic_a_kind_or_a_kind_on_a_topic(ana, muted, left):
    follow(ana, "open.a")
    follow(ana, "open.b")
    (a,) = told("open.a", "a")
    (b,) = told("open.b", "b")
    mark_all(ana.pk, "read", b)
    for position in (a, b):  # found by the words about it, not in a range
        mark(ana.pk, "read", position, on=False)
    preferences.mute(ana.pk, **muted)
    assert texts(ana) == texts(ana, "unread") == left
    assert inbox(ana).is_due(a)
    preferences.unmute(ana.pk, **muted)
    assert texts(ana) == ["b", "a"]


# Pages


def test_pages_follow_on_without_gap_or_repeat_while_new_events_arrive(ana):
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


def test_the_last_page_says_that_it_is_the_last(ana):
    told(f"user.{ana.pk}", "a", "b")
    assert inbox(ana).page(limit=2).next is None
    page = inbox(ana).page(limit=1)
    assert page.next == page.items[0].position


def test_pages_equal_a_plain_filter_whatever_was_said(ana):
    """Random words, states and limits, against the rule written down plainly."""
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


# Seen, read, archived


def test_a_new_event_is_unseen_and_unread(ana):
    told(f"user.{ana.pk}", "a", "b")
    assert counts(ana) == (2, 2)


def test_seen_all_leaves_unread(ana):
    a, b = told(f"user.{ana.pk}", "a", "b")
    mark_all(ana.pk, "seen", a)
    assert counts(ana) == (1, 2)
    mark_all(ana.pk, "seen", b)
    assert counts(ana) == (0, 2)


def test_a_toast_that_was_seen_counts_for_its_event_only(ana):
    a, b = told(f"user.{ana.pk}", "a", "b")
    mark(ana.pk, "seen", b)
    assert counts(ana) == (1, 2)
    assert has_seen(ana.pk, b)
    assert not has_seen(ana.pk, a)


@pytest.mark.parametrize("what", ["read", "archived"])
def test_who_reads_or_archives_has_seen(ana, what):
    a, b = told(f"user.{ana.pk}", "a", "b")
    mark(ana.pk, what, a)
    assert seen_by([ana.pk, 10**6], a) == {str(ana.pk)}
    mark(ana.pk, what, a, on=False)
    assert has_seen(ana.pk, a)
    mark_all(ana.pk, what, b)
    assert has_seen(ana.pk, b)


def test_a_seen_event_cannot_be_unseen(ana):
    with pytest.raises(ValueError, match="stays seen"):
        mark(ana.pk, "seen", 1, on=False)


def test_counts_stop_at_a_hundred(ana):
    told(f"user.{ana.pk}", *(str(n) for n in range(COUNTED + 20)))
    assert counts(ana) == (COUNTED, COUNTED)


def test_repeating_a_word_changes_nothing_and_tells_nobody(ana):
    (a,) = told(f"user.{ana.pk}", "a")
    assert mark(ana.pk, "read", a)
    assert not mark(ana.pk, "read", a)
    assert not mark(ana.pk, "seen", a)
    assert len(changes()) == 1


def test_archived_events_are_in_their_own_list_only(ana):
    a, _ = told(f"user.{ana.pk}", "a", "b")
    mark(ana.pk, "archived", a)
    assert (texts(ana), texts(ana, "unread"), texts(ana, "archived")) == (["b"], ["b"], ["a"])
    mark(ana.pk, "archived", a, on=False)
    assert (texts(ana), texts(ana, "archived")) == (["b", "a"], [])


def test_every_change_is_told_to_the_persons_other_tabs(ana):
    a, b = told(f"user.{ana.pk}", "a", "b")
    mark(ana.pk, "read", a)
    token = mark_all(ana.pk, "archived", b)
    undo(ana.pk, token)
    assert [tuple(change.values()) for change in changes()] == [
        ("read", True, a, False),
        ("archived", True, b, True),
        ("archived", False, b, True),
    ]
    topics = Event.objects.filter(type="inbox.changed").values_list("topic", flat=True)
    assert set(topics) == {f"user.{ana.pk}"}


def test_a_rolled_back_word_was_not_said(ana):
    (a,) = told(f"user.{ana.pk}", "a")
    with pytest.raises(LookupError), transaction.atomic():
        mark(ana.pk, "read", a)
        mark_all(ana.pk, "archived", a)
        raise LookupError
    assert counts(ana) == (1, 1)
    assert changes() == []


# Mark all, and undo


def test_mark_all_is_one_row_and_undo_restores_exactly(ana):
    positions = told(f"user.{ana.pk}", *"abcdef")
    mark(ana.pk, "read", positions[1])
    mark_all(ana.pk, "read", positions[3])
    mark(ana.pk, "read", positions[2], on=False)
    before = texts(ana, "unread")
    rows = InboxException.objects.count(), InboxMark.objects.count()
    token = mark_all(ana.pk, "read", positions[-1])
    assert texts(ana, "unread") == []
    assert (InboxException.objects.count(), InboxMark.objects.count()) == (rows[0], rows[1] + 1)
    assert undo(ana.pk, token)
    assert texts(ana, "unread") == before == ["f", "e", "c"]


def test_what_came_after_mark_all_is_not_meant(ana):
    (a,) = told(f"user.{ana.pk}", "a")
    mark_all(ana.pk, "read", a)
    told(f"user.{ana.pk}", "b")
    assert texts(ana, "unread") == ["b"]


def test_undo_keeps_what_was_said_since(ana):
    a, b = told(f"user.{ana.pk}", "a", "b")
    token = mark_all(ana.pk, "archived", b)
    mark(ana.pk, "archived", a, on=False)
    mark(ana.pk, "archived", a, on=True)
    assert undo(ana.pk, token)
    assert texts(ana, "archived") == ["a"]


def test_two_marks_are_taken_back_in_any_order(ana):
    a, b = told(f"user.{ana.pk}", "a", "b")
    first, second = mark_all(ana.pk, "read", b), mark_all(ana.pk, "read", a)
    assert undo(ana.pk, first)
    assert texts(ana, "unread") == ["b"]
    assert undo(ana.pk, second)
    assert texts(ana, "unread") == ["b", "a"]
    assert not undo(ana.pk, second)


@pytest.mark.parametrize("token", ["", "read", "read.", "read.x", "read.-1", "own.1", "read.²"])
def test_what_is_no_undo_raises(ana, token):
    with pytest.raises(ValueError, match="undone"):
        undo(ana.pk, token)


def test_nobody_undoes_what_somebody_else_did(ana):
    ben = make_person("ben")
    (a,) = told(f"user.{ana.pk}", "a")
    token = mark_all(ana.pk, "read", a)
    assert not undo(ben.pk, token)
    assert texts(ana, "unread") == []


def test_old_marks_are_settled_into_one_and_say_the_same(ana):
    positions = told(f"user.{ana.pk}", *(str(n) for n in range(8)))
    chance = random.Random(3)
    for round in range(4):
        for position in positions:
            mark(ana.pk, "read", position, on=chance.random() < 0.5)
        for _ in range(UNDOABLE):
            mark_all(ana.pk, "read", chance.choice(positions[: 6 - round]))
        assert InboxMark.objects.count() <= UNDOABLE + 1
    mark(ana.pk, "read", positions[0], on=False)
    assert "0" in texts(ana, "unread")
    assert not {"1", "2"} & set(texts(ana, "unread"))
    assert not undo(ana.pk, "read.1")


def test_words_said_at_once_all_count(ana):
    positions = told(f"user.{ana.pk}", *(str(n) for n in range(8)))

    def say(position: int) -> None:
        try:
            mark(ana.pk, "read", position)
        finally:
            connection.close()

    threads = [threading.Thread(target=say, args=(position,)) for position in positions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert texts(ana, "unread") == []
    assert InboxState.objects.get().turn == 8
    assert len(set(InboxException.objects.values_list("turn", flat=True))) == 8


# Ends


def test_pruning_removes_the_words_about_removed_events(ana):
    a, b = told(f"user.{ana.pk}", "a", "b")
    mark_all(ana.pk, "seen", a)
    mark(ana.pk, "read", a)
    mark(ana.pk, "read", b)
    Event.objects.filter(position=a).update(at=timezone.now() - datetime.timedelta(days=2))
    nothing = datetime.timedelta(0)
    prune(datetime.timedelta(days=1), grace=nothing)
    prune(datetime.timedelta(days=1), grace=nothing)
    assert InboxException.objects.get().position == b
    assert not InboxMark.objects.exists()
    assert texts(ana) == ["b"]


def test_what_a_deleted_person_said_is_removed(ana):
    ben = make_person("ben")
    for person in (ana, ben):
        (position,) = told(f"user.{person.pk}", "a")
        mark(person.pk, "read", position)
        mark_all(person.pk, "seen", position)
    forget([ana.pk])
    for model in (InboxState, InboxMark, InboxException):
        assert model.objects.get().person == str(ben.pk)


# Cost


def fill(topics: list[str]) -> None:
    """A numbered row for each topic, without the work of publishing them."""
    frame = json.dumps({"type": "test.told", "title": "t", "data": {}})[1:]
    at = timezone.now()
    rows = [
        Event(position=n, topic=topic, type="test.told", at=at, frame=frame)
        for n, topic in enumerate(topics, start=1)
    ]
    Event.objects.bulk_create(rows, batch_size=2_000)
    ensure_log()
    Log.objects.update(head=len(rows))


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
    fill([own] * 30 + ["open.busy"] * 69_970 + [own] * 30_000)
    follow(ana, "open.busy")
    assert statements(ana) == few
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE hub_event")
    spent = []
    for _ in range(5):  # a busy machine makes some of them slow, a full scan each
        started = time.monotonic()
        page = inbox(ana).page(before=50_000, limit=20)
        assert inbox(ana).unseen() == COUNTED
        spent.append(time.monotonic() - started)
    assert [item.position for item in page.items] == list(range(30, 10, -1))
    assert min(spent) < 0.5, f"{min(spent):.3f} s for a page and a count"


def test_a_page_is_read_along_the_topics_index(ana):
    fill(["open.a", "open.b"] * 3_000)
    is_postgres = connection.vendor == "postgresql"
    statement = rows.NEWEST_POSTGRESQL if is_postgres else rows.NEWEST_SQLITE
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE hub_event")
        explain = "EXPLAIN" if is_postgres else "EXPLAIN QUERY PLAN"
        cursor.execute(f"{explain} {statement}", ['[["open.a",0,6000,[]]]', "[]", 20, 20])
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert "hub_event_topic_position" in plan
    assert "Seq Scan" not in plan


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
