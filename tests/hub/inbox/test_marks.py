"""Flags of events in an inbox: seen, read, archived; for everything, and undone."""

import datetime
import random
import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from hub.inbox import COUNTED, forget, has_seen, mark, mark_all, seen_by, undo
from hub.inbox.marks import UNDOABLE_MARKS
from hub.models import Event, InboxException, InboxMark, InboxState
from hub.worker.pruning import prune
from tests.hub.reader import changes, counts, texts, told
from tests.hub.site import make_person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def test_a_new_event_is_unseen_and_unread(ana):
    told(f"user.{ana.pk}", "a", "b")
    assert counts(ana) == (2, 2)


def test_marking_all_as_seen_leaves_events_unread(ana):
    a, b = told(f"user.{ana.pk}", "a", "b")
    mark_all(ana.pk, "seen", a)
    assert counts(ana) == (1, 2)
    mark_all(ana.pk, "seen", b)
    assert counts(ana) == (0, 2)


def test_a_seen_toast_marks_only_its_event_as_seen(ana):
    a, b = told(f"user.{ana.pk}", "a", "b")
    mark(ana.pk, "seen", b)
    assert counts(ana) == (1, 2)
    assert has_seen(ana.pk, b)
    assert not has_seen(ana.pk, a)


@pytest.mark.parametrize("what", ["read", "archived"])
def test_a_read_or_archived_event_counts_as_seen(ana, what):
    a, b = told(f"user.{ana.pk}", "a", "b")
    mark(ana.pk, what, a)
    assert seen_by([ana.pk, 10**6], a) == {str(ana.pk)}
    mark(ana.pk, what, a, on=False)
    assert has_seen(ana.pk, a)
    mark_all(ana.pk, what, b)
    assert has_seen(ana.pk, b)


def test_the_flag_seen_cannot_be_cleared(ana):
    with pytest.raises(ValueError, match="cannot be cleared"):
        mark(ana.pk, "seen", 1, on=False)


def test_counts_stop_at_a_hundred(ana):
    told(f"user.{ana.pk}", *(str(n) for n in range(COUNTED + 20)))
    assert counts(ana) == (COUNTED, COUNTED)


def test_setting_a_flag_again_is_a_no_op_and_publishes_nothing(ana):
    (a,) = told(f"user.{ana.pk}", "a")
    assert mark(ana.pk, "read", a)
    assert not mark(ana.pk, "read", a)
    assert not mark(ana.pk, "seen", a)
    assert len(changes()) == 1


def test_archived_events_are_only_in_their_own_list(ana):
    a, _ = told(f"user.{ana.pk}", "a", "b")
    mark(ana.pk, "archived", a)
    assert (texts(ana), texts(ana, "unread"), texts(ana, "archived")) == (["b"], ["b"], ["a"])
    mark(ana.pk, "archived", a, on=False)
    assert (texts(ana), texts(ana, "archived")) == (["b", "a"], [])


def test_every_change_is_published_to_the_users_other_tabs(ana):
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


def test_a_rolled_back_flag_is_not_set_and_not_published(ana):
    (a,) = told(f"user.{ana.pk}", "a")
    with pytest.raises(LookupError), transaction.atomic():
        mark(ana.pk, "read", a)
        mark_all(ana.pk, "archived", a)
        raise LookupError
    assert counts(ana) == (1, 1)
    assert changes() == []


# Mark all, and undo


def test_mark_all_is_one_row_and_undo_restores_every_flag(ana):
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


def test_mark_all_does_not_change_later_events(ana):
    (a,) = told(f"user.{ana.pk}", "a")
    mark_all(ana.pk, "read", a)
    told(f"user.{ana.pk}", "b")
    assert texts(ana, "unread") == ["b"]


def test_undo_keeps_later_overrides(ana):
    a, b = told(f"user.{ana.pk}", "a", "b")
    token = mark_all(ana.pk, "archived", b)
    mark(ana.pk, "archived", a, on=False)
    mark(ana.pk, "archived", a, on=True)
    assert undo(ana.pk, token)
    assert texts(ana, "archived") == ["a"]


def test_two_marks_can_be_undone_in_any_order(ana):
    a, b = told(f"user.{ana.pk}", "a", "b")
    first, second = mark_all(ana.pk, "read", b), mark_all(ana.pk, "read", a)
    assert undo(ana.pk, first)
    assert texts(ana, "unread") == ["b"]
    assert undo(ana.pk, second)
    assert texts(ana, "unread") == ["b", "a"]
    assert not undo(ana.pk, second)


@pytest.mark.parametrize("token", ["", "read", "read.", "read.x", "read.-1", "own.1", "read.²"])
def test_a_malformed_undo_token_raises(ana, token):
    with pytest.raises(ValueError, match="undone"):
        undo(ana.pk, token)


def test_a_user_cannot_undo_another_users_mark(ana):
    ben = make_person("ben")
    (a,) = told(f"user.{ana.pk}", "a")
    token = mark_all(ana.pk, "read", a)
    assert not undo(ben.pk, token)
    assert texts(ana, "unread") == []


def test_merging_old_marks_changes_no_flag(ana):
    positions = told(f"user.{ana.pk}", *(str(n) for n in range(8)))
    chance = random.Random(3)
    for round in range(4):
        for position in positions:
            mark(ana.pk, "read", position, on=chance.random() < 0.5)
        for _ in range(UNDOABLE_MARKS):
            mark_all(ana.pk, "read", chance.choice(positions[: 6 - round]))
        assert InboxMark.objects.count() <= UNDOABLE_MARKS + 1
    mark(ana.pk, "read", positions[0], on=False)
    assert "0" in texts(ana, "unread")
    assert not {"1", "2"} & set(texts(ana, "unread"))
    assert not undo(ana.pk, "read.1")


def test_flags_set_at_once_are_all_kept(ana):
    positions = told(f"user.{ana.pk}", *(str(n) for n in range(8)))

    def read(position: int) -> None:
        try:
            mark(ana.pk, "read", position)
        finally:
            connection.close()

    threads = [threading.Thread(target=read, args=(position,)) for position in positions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert texts(ana, "unread") == []
    assert InboxState.objects.get().turn == 8
    assert len(set(InboxException.objects.values_list("turn", flat=True))) == 8


# Pruning and deletion


def test_pruning_removes_the_flags_of_removed_events(ana):
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


def test_the_flags_of_a_deleted_user_are_removed(ana):
    ben = make_person("ben")
    for person in (ana, ben):
        (position,) = told(f"user.{person.pk}", "a")
        mark(person.pk, "read", position)
        mark_all(person.pk, "archived", position)
    forget([ana.pk])
    for model in (InboxState, InboxMark, InboxException):
        assert model.objects.get().person == str(ben.pk)
