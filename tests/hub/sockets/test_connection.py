"""The state machine of a connection, as tables."""

import pytest

from hub.broadcast.run import Run
from hub.sockets.connection import (
    APPLY,
    APPLY_SOON,
    CATCH_UP,
    CLOSE_SLOW,
    PING,
    SEND,
    SKIP,
    WAIT,
    Step,
)
from hub.sockets.subscriptions import Interval
from tests.hub.sockets.machine import Reader, changed, connection, entry, log_of, revoked

USER = {"user.7": [Interval(0)]}


# Live


@pytest.mark.parametrize(
    ("event", "state", "todo", "cursor"),
    [
        (entry(1), {}, SEND, 1),
        (entry(3), {"cursor": 3}, SKIP, 3),
        (entry(1, "b"), {}, SKIP, 0),
        (entry(1), {"live": False}, SKIP, 0),
        (entry(9), {"requested": {"a": 9}}, SKIP, 0),
        (entry(1), {"max_events": 2}, SEND | PING, 1),
        (entry(1), {"max_events": 1}, SEND | PING | CATCH_UP, 1),
        (entry(1, size=5_000), {"max_bytes": 1_000}, SEND | PING | CATCH_UP, 1),
        (revoked(5, "staff"), {}, APPLY_SOON | CATCH_UP, 4),
        (revoked(5, "staff"), {"live": False}, APPLY_SOON, 0),
        (revoked(5, "staff", topic="user.8"), {}, SKIP, 0),
        (changed(5, "b", True), {}, CATCH_UP, 4),
        (changed(5, "b", True), {"live": False}, SKIP, 0),
    ],
)
def test_what_a_connection_does_with_an_event(event, state, todo, cursor):
    one = connection(**{"live": True, "user": dict(USER), **state})
    assert one.deliver(Run([event]), is_blocked=False) == todo
    assert one.cursor == cursor
    if todo & CATCH_UP:
        assert not one.live


def test_a_connection_whose_socket_is_blocked_falls_behind_and_loses_nothing():
    one = connection(live=True)
    assert one.deliver(Run([entry(5)]), is_blocked=True) == CATCH_UP
    assert (one.live, one.cursor, one.window.events) == (False, 4, 0)


def test_a_connection_falls_behind_once():
    one = connection(live=True)
    assert one.fall_behind(5) == CATCH_UP
    assert one.fall_behind(7) == SKIP
    assert one.cursor == 5


def test_an_event_without_room_waits_until_there_is_some():
    one = connection(live=True, max_bytes=1_000)
    assert one.deliver(Run([entry(1, size=400)]), is_blocked=False) & SEND
    assert one.deliver(Run([entry(2, size=600)]), is_blocked=False) == CATCH_UP
    assert one.cursor == 1
    assert one.window.is_full


def test_a_connection_that_has_ended_is_sent_nothing():
    one = connection(live=True, user=dict(USER))
    one.end()
    assert one.deliver(Run([entry(1)]), is_blocked=False) == SKIP
    assert one.deliver(Run([revoked(2, "staff")]), is_blocked=False) == SKIP
    assert one.show(1, 0, is_blocked=False) == SKIP
    assert one.reply(1, 0) == SKIP
    assert one.replay(entry(1)) == SKIP
    assert one.next_step(0) is Step.DONE
    assert not one.awaits(revoked(2, "staff"))


@pytest.mark.parametrize(
    ("state", "is_blocked", "todo"),
    [
        ({}, False, SEND),
        ({"live": False}, False, SKIP),
        ({}, True, SKIP),
        ({"max_bytes": 150}, False, SEND | PING),
        ({"max_bytes": 100}, False, SEND | PING | CATCH_UP),
    ],
)
def test_an_ephemeral_event_is_only_for_a_live_connection_and_counts_its_bytes(
    state, is_blocked, todo
):
    one = connection(**{"live": True, **state})
    assert one.show(100, 5, is_blocked=is_blocked) == todo
    assert one.window.bytes == (100 if todo & SEND else 0)
    assert one.window.events == 0


def test_an_ephemeral_event_without_room_is_dropped_and_logged_events_are_caught_up():
    one = connection(live=True, max_bytes=1_000)
    one.show(600, 5, is_blocked=False)
    assert one.show(600, 5, is_blocked=False) == CATCH_UP
    assert (one.live, one.cursor, one.window.bytes) == (False, 5, 600)


@pytest.mark.parametrize(
    ("live", "cursor", "by_fanout", "decided"),
    [(True, 3, 9, 9), (True, 9, 3, 9), (False, 3, 9, 3)],
)
def test_a_ping_may_say_how_far_everything_is_decided(live, cursor, by_fanout, decided):
    assert connection(live=live, cursor=cursor).decided(by_fanout) == decided


# Replies


@pytest.mark.parametrize(
    ("state", "sizes", "todo"),
    [
        ({}, [10], SEND),
        ({"live": False}, [10], SEND),
        ({"max_bytes": 1_000}, [500], SEND | PING),
        ({"max_bytes": 1_000, "live": False}, [940], SEND | PING),
        ({"max_bytes": 1_000}, [940], SEND | PING | CATCH_UP),
        ({"max_bytes": 1_000}, [940, 60], SEND),
        ({"max_bytes": 1_000}, [940, 61], CLOSE_SLOW),
        ({"max_bytes": 1_000}, [5_000], SEND | PING | CATCH_UP),  # alone, whatever its size
    ],
)
def test_a_reply_counts_towards_the_window_and_must_have_room(state, sizes, todo):
    one = connection(**{"live": True, **state})
    for size in sizes:
        found = one.reply(size, 0)
        if found & PING:
            one.ping(0, now=0.0)
    assert found == todo


def test_a_client_that_keeps_requesting_without_acknowledging_is_closed():
    one, sent = connection(max_bytes=20_000), 0
    while (todo := one.reply(900, 0)) & SEND:
        sent += 900
        if todo & PING:
            one.ping(0, now=0.0)
    assert todo == CLOSE_SLOW
    assert 10_000 < sent <= 20_000


def test_a_client_that_acknowledges_may_request_as_long_as_it_likes():
    one = connection(live=True, max_bytes=4_000)
    for _ in range(200):
        todo = one.reply(150, 3)
        assert todo & SEND
        if todo & PING:
            one.ping(3, now=0.0)
            assert one.pong(3, now=0.0)
    assert one.live


def test_a_pong_clears_only_the_replies_that_were_sent_before_its_ping():
    one = connection(live=True, max_bytes=1_000)
    one.reply(100, 3)
    one.ping(3, now=0.0)
    one.reply(200, 3)
    one.show(40, 3, is_blocked=False)
    one.ping(3, now=1.0)
    assert one.pong(3, now=2.0)
    assert one.window.bytes == 240, "the client may not have read what came after its ping"
    assert one.pong(3, now=2.0)
    assert one.window.bytes == 0


def test_a_connection_whose_window_is_full_of_events_still_gets_replies():
    one = connection(max_events=100, max_bytes=10_000)
    Reader(one, log_of(20, size=1_000)).catch_up()
    assert one.window.is_full
    assert one.reply(200, 0) == SEND


# Catching up


@pytest.mark.parametrize(
    ("cursor", "head", "step"),
    [(3, 9, Step.READ), (9, 9, Step.DONE), (9, 3, Step.WAIT_FOR_FOLLOWER)],
)
def test_a_connection_reads_until_it_stands_at_the_head(cursor, head, step):
    one = connection(cursor=cursor)
    assert one.next_step(head) is step
    assert one.live is (step is Step.DONE)


def test_a_connection_whose_window_is_full_waits_for_a_pong_and_asks_for_it():
    one = connection(max_events=1)
    one.replay(entry(1))
    assert one.next_step(9) is Step.PING_AND_WAIT
    one.ping(1, now=0.0)
    assert one.pong(1, now=0.0)
    one.replay(entry(2))
    one.ping(2, now=0.0)
    assert one.next_step(9) is Step.WAIT_FOR_PONG, "it is asked once"


@pytest.mark.parametrize(
    ("event", "todo"),
    [
        (entry(4), SEND),
        (entry(3), SKIP),
        (entry(4, "b"), SKIP),
        (revoked(4, "staff"), APPLY),
        (changed(4, "b", True), APPLY),
    ],
)
def test_what_a_connection_does_with_an_event_of_a_page(event, todo):
    one = connection(cursor=3, user=dict(USER))
    assert one.replay(event) == todo
    assert one.cursor == (4 if todo == SEND else 3), "a control event is to be applied first"


def test_an_event_of_a_page_waits_for_room():
    one = connection(max_events=1)
    assert one.replay(entry(1)) == SEND | PING
    assert one.replay(entry(2)) == WAIT
    assert one.cursor == 1


def test_a_position_that_is_reached_does_not_fall():
    one = connection(cursor=5)
    one.reached(3)
    assert one.cursor == 5
    one.reached(7)
    assert one.cursor == 7


# The window, over time


def test_a_client_that_only_reads_gets_a_window_and_then_a_pause():
    one = connection(max_events=256)
    reader = Reader(one, log_of(300))
    sent = reader.catch_up()
    assert [n for n in sent if isinstance(n, int)] == list(range(1, 257))
    assert sent.index(("ping", 128)) == 128, "asked at half the window"
    assert sent[-1] == ("ping", 256)
    assert one.pong(256, now=0.0)
    assert reader.catch_up() == list(range(257, 301))
    assert one.live


def test_a_pong_for_half_a_window_lets_half_a_window_follow():
    one = connection()
    reader = Reader(one, log_of(9))
    assert reader.catch_up() == [1, 2, ("ping", 2), 3, 4, ("ping", 4)]
    one.pong(2, now=0.0)
    assert reader.catch_up() == [5, 6]
    one.pong(4, now=0.0)
    assert reader.catch_up() == [7, ("ping", 7), 8]


def test_a_window_is_counted_in_bytes_too():
    one = connection(max_events=100, max_bytes=10_000)
    sent = Reader(one, log_of(10, size=4_000)).catch_up()
    assert [n for n in sent if isinstance(n, int)] == [1, 2], "a third would be over it"
    assert one.window.bytes == 8_000


def test_a_client_that_acknowledges_each_event_goes_on():
    one, log = connection(), log_of(40)
    reader, handled = Reader(one, log), 0
    while handled < 40:
        reader.catch_up()
        handled += 1
        one.pong(handled, now=0.0)
    assert [n for n in reader.sent if isinstance(n, int)] == list(range(1, 41))


def test_a_pong_from_the_future_is_ignored():
    one = connection(max_events=2)
    reader = Reader(one, log_of(5))
    reader.catch_up()
    assert not one.pong(5, now=0.0)
    assert one.window.events == 2
    assert reader.catch_up() == [("ping", 2)]


# The heartbeat


def beat(one, now, *, sends=0, is_blocked=False):
    return one.beat(now, sends=sends, is_blocked=is_blocked)


def test_a_ping_is_due_every_interval_unless_the_socket_is_blocked():
    one = connection()
    assert beat(one, 24.9) == SKIP
    assert beat(one, 25.0, is_blocked=True) == SKIP
    assert beat(one, 25.0) == PING


def test_a_client_that_has_acknowledged_once_must_go_on_acknowledging():
    one = connection()
    one.ping(0, now=0.0)
    one.pong(0, now=0.0)
    one.ping(0, now=20.0)
    assert beat(one, 30.0) == SKIP
    assert beat(one, 30.1) == CLOSE_SLOW


def test_a_client_that_never_acknowledged_is_left_alone_until_its_window_is_full():
    one = connection(max_events=2)
    one.ping(0, now=0.0)
    assert beat(one, 1_000.0) == PING
    reader = Reader(one, log_of(5), now=1_000.0)
    reader.catch_up()
    assert beat(one, 1_010.0) != CLOSE_SLOW, "its time begins with the full window"
    assert beat(one, 1_010.1) == CLOSE_SLOW


def test_a_client_that_does_not_read_for_too_long_is_closed():
    one = connection()
    assert beat(one, 5.0) == SKIP
    assert beat(one, 15.0, is_blocked=True) == SKIP
    assert beat(one, 15.1, is_blocked=True) == CLOSE_SLOW


# Lost rights


@pytest.mark.parametrize(("cursor", "awaits"), [(4, True), (5, False), (9, False)])
def test_a_lost_right_is_awaited_until_its_place_was_reached(cursor, awaits):
    assert connection(cursor=cursor).awaits(revoked(5, "staff")) is awaits


def test_only_a_lost_right_is_urgent():
    one = connection()
    assert one.announce(revoked(5, "staff")) == APPLY_SOON
    assert one.announce(changed(5, "a", True)) == SKIP
