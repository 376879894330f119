"""The inbox: what is in it, and how preferences and mutes narrow it."""

from typing import ClassVar

import pytest
from django.db import transaction

from hub import EventType, publish, revoke
from hub.inbox import mark, mark_all, preferences
from hub.log.epoch import ensure_log
from hub.models import Event, Log
from tests.hub.reader import counts, follow, inbox, texts, told
from tests.hub.site import change_person, make_person, tell
from tests.numbering import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


class Silent(EventType, frozen=True):
    """For programs: no title."""

    type: ClassVar[str] = "test.silent"


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
    assert not inbox(ana).has(secret)
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
    assert not inbox(ana).has(old)
    assert inbox(ana).has(new)


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
    assert [inbox(ana).has(p) for p in (mine, other, notice, 999, 0)] == [True] + [False] * 4


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
    assert inbox(ana).has(a)
    preferences.unmute(ana.pk, **muted)
    assert texts(ana) == ["b", "a"]
