"""Every change of what a connection is subscribed to: what it needs, and what comes of it."""

import json

import pytest

from hub.sockets.changes import Changes, Checked, CheckPassword, CheckTopics, ReadPage
from hub.sockets.close_codes import DEACTIVATED, DELETED, LOGGED_OUT, PASSWORD
from hub.sockets.protocol import Subscribe, Unsubscribe
from hub.sockets.subscriptions import Interval
from tests.hub.sockets.machine import (
    carry_out,
    changed,
    connection,
    entry,
    revoked,
)

USER = "user.7"


def changes(*, requested=None, user=None, checked_at=0, session=None, max_topics=128, **options):
    one = connection(
        requested={} if requested is None else requested,
        user={USER: [Interval(0)]} if user is None else user,
        **options,
    )
    made = Changes(one, checked_at=checked_at, session=session, max_topics=max_topics)
    return one, made


def subscribe(*topics, since=None):
    return Subscribe("r", list(topics), since)


def allowed(head=9, **refusals):
    return Checked(refusals, head)


def refused_by(frame):
    return {one["topic"]: one["code"] for one in frame["refused"]}


# What the client requests


def test_a_subscription_is_checked_and_begins_at_the_followers_position():
    one, made = changes()
    needs, reply = carry_out(made.subscribe(subscribe("a")), allowed(head=9))
    assert needs == [CheckTopics(["a"])]
    assert json.loads(reply) == {
        "op": "reply",
        "ref": "r",
        "ok": True,
        "topics": ["a"],
        "refused": [],
        "recovered": True,
        "events": [],
    }
    assert one.subscriptions.requested_topics == {"a": 9}


def test_a_subscription_may_succeed_in_part():
    one, made = changes()
    _, reply = carry_out(made.subscribe(subscribe("a", "b")), allowed(b="forbidden"))
    assert json.loads(reply)["topics"] == ["a"]
    assert refused_by(json.loads(reply)) == {"b": "forbidden"}
    assert one.subscriptions.requested_topics == {"a": 9}


@pytest.mark.parametrize("code", ["forbidden", "unknown_topic"])
def test_where_nothing_was_granted_the_reply_is_no(code):
    one, made = changes()
    _, reply = carry_out(made.subscribe(subscribe("a")), allowed(a=code))
    frame = json.loads(reply)
    assert (frame["ok"], frame["error"]["code"], refused_by(frame)) == (False, code, {"a": code})
    assert "a" not in one.subscriptions


def test_a_connection_has_a_limited_number_of_requested_topics():
    one, made = changes(requested={"a": 3}, max_topics=2)
    needs, reply = carry_out(made.subscribe(subscribe("a", "b", "c")), allowed())
    assert needs == [CheckTopics(["a", "b"])], "the policy is asked for no more than the limit"
    assert json.loads(reply)["topics"] == ["a", "b"]
    assert refused_by(json.loads(reply)) == {"c": "too_many_topics"}
    _, reply = carry_out(made.subscribe(subscribe("d")), allowed())
    assert json.loads(reply)["error"]["code"] == "too_many_topics"
    made.unsubscribe(Unsubscribe("r", ["a"]))
    _, reply = carry_out(made.subscribe(subscribe("d")), allowed())
    assert json.loads(reply)["ok"]
    assert one.subscriptions.requested_topics == {"b": 9, "d": 9}


def test_a_reply_names_no_more_topics_beyond_the_limit_than_within_it():
    _, made = changes(max_topics=3)
    topics = [f"open.{n}" for n in range(5_000)]
    needs, reply = carry_out(made.subscribe(subscribe(*topics)), allowed())
    assert needs == [CheckTopics(topics[:3])]
    assert json.loads(reply)["topics"] == topics[:3]
    assert refused_by(json.loads(reply)) == dict.fromkeys(topics[3:6], "too_many_topics")


def test_an_unsubscription_names_each_topic_that_was_requested_once():
    one, made = changes(requested={"a": 0, "b": 0})
    reply = json.loads(made.unsubscribe(Unsubscribe("r", ["a", "a", "c", USER])))
    assert (reply["ok"], reply["topics"]) == (True, ["a"])
    assert one.subscriptions.topics() == {"b", USER}


# What a late subscription missed


def test_what_a_late_subscription_missed_comes_in_the_reply_and_counts_as_events():
    one, made = changes(max_events=100, requested={"b": 0})
    needs, reply = carry_out(
        made.subscribe(subscribe("a", "b", since=3)), allowed(head=9), [entry(4), entry(6)]
    )
    assert needs[1] == ReadPage(3, [("a", 3, 9)], 101), "`b` comes in the stream"
    assert [event["id"] for event in json.loads(reply)["events"]] == [4, 6]
    assert json.loads(reply)["recovered"] is True
    assert (one.window.events, one.cursor) == (2, 0), "the stream's cursor stays"


@pytest.mark.parametrize("since", [None, 9, 12])
def test_a_subscription_that_missed_nothing_reads_nothing(since):
    _, made = changes()
    needs, reply = carry_out(made.subscribe(subscribe("a", since=since)), allowed(head=9))
    assert len(needs) == 1
    assert (json.loads(reply)["events"], json.loads(reply)["recovered"]) == ([], True)


@pytest.mark.parametrize(
    ("found", "options"),
    [
        (None, {}),
        ([entry(n) for n in range(1, 102)], {"max_events": 1_000}),
        ([entry(n, size=60_000) for n in range(1, 6)], {"max_bytes": 10_000_000}),
        ([entry(n) for n in range(1, 6)], {"max_events": 4}),
        ([entry(n, size=800) for n in range(1, 3)], {"max_bytes": 1_600}),
    ],
)
def test_more_than_a_reply_or_the_window_takes_is_not_recovered(found, options):
    one, made = changes(**options)
    _, reply = carry_out(made.subscribe(subscribe("a", since=0)), allowed(head=500), found)
    frame = json.loads(reply)
    assert (frame["ok"], frame["recovered"], frame["events"]) == (True, False, [])
    assert one.subscriptions.requested_topics == {"a": 500}
    assert one.window.events == 0


# What the log says


def test_the_user_receives_a_topic_from_the_change_on():
    one, made = changes()
    needs, told = carry_out(made.apply(changed(5, "a", True)), allowed())
    assert needs == [CheckTopics(["a"])]
    assert json.loads(told) == {"op": "topics", "added": ["a"], "removed": []}
    assert [n for n in range(9) if one.wants("a", n)] == [6, 7, 8]


def test_the_user_receives_a_topic_up_to_the_change():
    one, made = changes(user={USER: [Interval(0)], "a": [Interval(0)]})
    needs, told = carry_out(made.apply(changed(5, "a", False)))
    assert needs == []
    assert json.loads(told) == {"op": "topics", "added": [], "removed": ["a"]}
    assert "a" not in one.subscriptions


@pytest.mark.parametrize("on", [False, True])
def test_a_change_to_what_is_already_so_says_nothing(on):
    user = {USER: [Interval(0)], **({"a": [Interval(0)]} if on else {})}
    _, made = changes(user=user)
    assert carry_out(made.apply(changed(5, "a", on))) == ([], None)


def test_a_topic_that_the_policy_refuses_is_not_received():
    one, made = changes()
    _, told = carry_out(made.apply(changed(5, "staff", True)), allowed(staff="forbidden"))
    assert told is None
    assert "staff" not in one.subscriptions


@pytest.mark.parametrize(
    ("reason", "answers", "code"),
    [
        ("logout", [], LOGGED_OUT),
        ("deactivated", [], DEACTIVATED),
        ("deleted", [], DELETED),
        ("password", [False], PASSWORD),
        ("password", [True], None),
    ],
)
def test_a_lost_right_closes_unless_the_user_has_the_present_password(reason, answers, code):
    _, made = changes()
    needs, outcome = carry_out(made.apply(revoked(5, reason)), *answers)
    assert needs == [CheckPassword() for _ in answers]
    assert outcome == code


@pytest.mark.parametrize(
    ("session", "code"), [(None, LOGGED_OUT), ("mine", LOGGED_OUT), ("another", None)]
)
def test_a_logout_closes_the_sockets_of_its_session_only(session, code):
    _, made = changes(session="mine")
    assert carry_out(made.apply(revoked(5, "logout", session))) == ([], code)


def test_a_logout_of_a_session_leaves_a_connection_without_one():
    _, made = changes(session=None)
    assert carry_out(made.apply(revoked(5, "logout", "another"))) == ([], None)


@pytest.mark.parametrize("reason", ["deleted", "staff", "password"])
def test_a_right_that_was_lost_before_the_check_changes_nothing(reason):
    _, made = changes(checked_at=5)
    assert carry_out(made.apply(revoked(5, reason))) == ([], None)


@pytest.mark.parametrize("reason", ["staff", "permissions"])
def test_a_lost_right_that_leaves_the_account_takes_its_topics(reason):
    one, made = changes(
        user={USER: [Interval(0)], "staff": [Interval(0)]}, requested={"staff.page": 0, "a": 0}
    )
    lost = allowed(staff="forbidden", **{"staff.page": "forbidden"})
    needs, told = carry_out(made.apply(revoked(5, reason)), lost)
    assert needs == [CheckTopics({USER, "staff", "staff.page", "a"}, is_urgent=True)]
    assert json.loads(told)["removed"] == ["staff", "staff.page"]
    assert one.subscriptions.topics() == {USER, "a"}
    _, again = carry_out(made.apply(revoked(5, reason)), lost)
    assert again is None, "met again in its place, it changes nothing"


GONE = Checked(None, 9)


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made.subscribe(subscribe("a")),
        lambda made: made.apply(changed(5, "a", True)),
        lambda made: made.apply(revoked(5, "permissions")),
    ],
)
def test_a_check_that_finds_no_account_closes(change):
    one, made = changes()
    _, outcome = carry_out(change(made), GONE)
    assert outcome == DEACTIVATED
    assert "a" not in one.subscriptions


# A right that is lost meanwhile


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made.subscribe(subscribe("staff", since=0)),
        lambda made: made.apply(changed(5, "staff", True)),
    ],
)
def test_an_answer_from_before_the_loss_opens_nothing_after_it(change):
    one, made = changes()
    waiting = change(made)
    assert next(waiting) == CheckTopics(["staff"])
    carry_out(made.apply(revoked(6, "staff")), allowed())
    assert waiting.send(allowed()) == CheckTopics(["staff"]), "it is asked again"
    with pytest.raises(StopIteration):
        waiting.send(allowed(staff="forbidden"))
    assert "staff" not in one.subscriptions


def test_a_slow_reply_contains_nothing_of_a_topic_that_was_lost_meanwhile():
    _, made = changes(max_events=100)
    waiting = made.subscribe(subscribe("staff", "a", since=0))
    next(waiting)
    assert isinstance(waiting.send(allowed(head=9)), ReadPage)
    carry_out(made.apply(revoked(10, "staff")), allowed(staff="forbidden"))
    with pytest.raises(StopIteration) as done:
        waiting.send([entry(1, "staff"), entry(2, "a")])
    reply = json.loads(done.value.value)
    assert reply["topics"] == ["a"]
    assert refused_by(reply) == {"staff": "forbidden"}
    assert [event["id"] for event in reply["events"]] == [2]


def test_a_connection_that_ended_during_a_check_gets_no_subscription():
    one, made = changes()
    waiting = made.subscribe(subscribe("a"))
    next(waiting)
    one.end()
    with pytest.raises(StopIteration) as done:
        waiting.send(allowed())
    assert done.value.value is None
    assert "a" not in one.subscriptions
