"""The events in an inbox, and how preferences and mutes filter them."""

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


# Events


def test_the_inbox_is_the_log_filtered_by_the_users_subscriptions(ana):
    told("open.a", "too early")
    follow(ana, "open.a")
    told("open.a", "due")
    told("open.b", "not mine")
    told(f"user.{ana.pk}", "my own")
    follow(ana, "open.a", on=False)
    told("open.a", "too late")
    assert texts(ana) == ["my own", "due"]


def test_another_users_events_are_not_in_the_inbox(ana):
    ben = make_person("ben")
    told(f"user.{ben.pk}", "for ben")
    assert texts(ana) == []
    assert texts(ben) == ["for ben"]


def test_a_second_subscription_adds_its_interval_without_duplicates(ana):
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


def test_the_policy_also_decides_about_events_received_earlier(ana):
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


def test_the_events_of_an_unknown_topic_are_hidden(ana):
    follow(ana, "gone.b")
    told("gone.b", "what was it")
    assert texts(ana) == []


def test_events_behind_the_horizon_are_not_in_the_inbox(ana):
    old, new = told(f"user.{ana.pk}", "old", "new")
    mark(ana.pk, "read", old)
    mark(ana.pk, "read", old, on=False)
    Log.objects.update(horizon=old)
    assert texts(ana) == texts(ana, "unread") == ["new"]
    assert not inbox(ana).has(old)
    assert inbox(ana).has(new)


def test_events_without_a_position_are_not_in_the_inbox(ana):
    ensure_log()
    tell(f"user.{ana.pk}", "in flight")
    assert texts(ana) == []
    drain()
    assert texts(ana) == ["in flight"]


def test_the_inbox_has_only_events_that_were_received_and_shown(ana):
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


def test_toast_and_email_preferences_do_not_affect_the_inbox(ana):
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
def test_mutes_hide_a_topic_a_type_or_a_type_on_a_topic(ana, muted, left):
    follow(ana, "open.a")
    follow(ana, "open.b")
    preferences.mute(ana.pk, **muted)
    (a,) = told("open.a", "a")
    (b,) = told("open.b", "b")
    mark_all(ana.pk, "read", b)
    for position in (a, b):  # found by its override, not in a range
        mark(ana.pk, "read", position, on=False)
    assert texts(ana) == texts(ana, "unread") == left
    assert inbox(ana).unread() == len(left)
    assert inbox(ana).has(a)
    preferences.unmute(ana.pk, **muted)
    assert texts(ana) == ["b", "a"]


@pytest.mark.parametrize("in_range", [True, False])
def test_a_mute_is_about_what_comes_after_it(ana, in_range):
    follow(ana, "open.a")
    follow(ana, "open.b")
    told("open.a", "1"), told("open.b", "2")
    preferences.mute(ana.pk, topic="open.a", type="test.told")
    told("open.a", "3"), told("open.b", "4")
    preferences.mute(ana.pk, type="test.told")
    told("open.a", "5"), told("open.b", "6")
    if not in_range:
        head = Log.objects.get().head
        mark_all(ana.pk, "archived", head)
        for position in range(1, head + 1):
            mark(ana.pk, "archived", position, on=False)
    assert texts(ana) == ["4", "2", "1"]
    if in_range:
        assert counts(ana) == (3, 3)
    preferences.unmute(ana.pk, type="test.told")
    assert texts(ana) == ["6", "4", "2", "1"]
    preferences.unmute(ana.pk, topic="open.a", type="test.told")
    assert texts(ana) == ["6", "5", "4", "3", "2", "1"]
