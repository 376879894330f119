from hub.sockets.connection import Connection, Interval, Window


def connection(cursor=0, max_events=4, max_bytes=1_000):
    return Connection(cursor, Window(max_events, max_bytes))


# The window


def test_a_window_counts_what_was_sent_until_it_is_answered():
    window = Window(4, 1_000)
    for position in (1, 2, 3):
        window.sent(position, 10)
    assert (window.events, window.bytes) == (3, 30)
    window.answered(2)
    assert (window.events, window.bytes) == (1, 10)
    window.answered(3)
    assert (window.events, window.bytes) == (0, 0)


def test_a_window_is_half_full_then_full_by_events():
    window = Window(4, 1_000)
    window.sent(1, 1)
    assert not window.is_half_full
    window.sent(2, 1)
    assert window.is_half_full and not window.is_full
    window.sent(3, 1)
    window.sent(4, 1)
    assert window.is_full


def test_a_window_is_full_by_bytes_too_and_ephemerals_count_there():
    window = Window(100, 50)
    window.sent(1, 30)
    window.sent(1, 25, events=0)
    assert window.events == 1
    assert window.is_full
    window.answered(1)
    assert (window.events, window.bytes) == (0, 0)


def test_a_frame_without_room_makes_the_window_full_until_an_answer():
    window = Window(100, 53)  # 50 of them for events
    assert window.takes(60)  # an empty one takes anything
    window.sent(1, 30)
    assert window.takes(20) and not window.is_full
    assert not window.takes(21) and window.is_full
    window.answered(1)
    assert window.takes(21)


def test_a_window_that_is_full_of_events_has_room_for_answers():
    window = Window(100, 160)
    window.sent(1, 150)
    assert window.is_full
    assert window.takes_answer(10) and not window.takes_answer(11)
    window.sent(1, 10, events=0)
    assert not window.takes_answer(1)
    window.answered(1)
    assert window.takes_answer(200), "an empty one takes anything"


# What it hears


def test_nothing_at_or_below_the_cursor_is_due():
    one = connection(cursor=5)
    one.pages["a"] = 0
    assert not one.due("a", 5)
    assert one.due("a", 6)


def test_an_interval_begins_behind_since_and_ends_with_until():
    one = connection()
    one.own["a"] = [Interval(3, 6)]
    assert [position for position in range(10) if one.due("a", position)] == [4, 5, 6]


def test_opening_twice_and_closing_what_is_not_open_is_no_news():
    one = connection()
    assert one.open_own("a", 3) is True
    assert one.open_own("a", 5) is False
    assert one.close_own("a", 9) is True
    assert one.close_own("a", 9) is False
    assert one.topics() == set()


def test_a_topic_that_was_closed_and_opened_again_is_open():
    one = connection()
    one.own["a"] = [Interval(1, 4), Interval(8)]
    assert one.own_open() == ["a"]
    assert one.close_own("a", 4) is False, "the later interval stands"
    assert one.own_open() == ["a"]


def test_unwatching_leaves_what_the_page_asked_for():
    one = connection()
    one.open_own("a", 0)
    one.pages["a"] = 2
    one.close_own("a", 5)
    assert one.hears("a")
    assert one.due("a", 6)


def test_dropped_topics_are_heard_no_more():
    one = connection()
    one.open_own("a", 0)
    one.pages["b"] = 0
    one.drop(["a", "b", "c"])
    assert one.topics() == set()
    assert list(one.bounds(99)) == []


# What it owes


def test_a_pong_answers_the_ping_and_what_was_sent_up_to_it():
    one = connection()
    one.window.sent(1, 10)
    one.window.sent(2, 10)
    one.ping(1, now=0.0)
    assert one.pong(1, now=0.0)
    assert one.window.events == 1
    assert not one.is_overdue(now=1_000.0, pong=10)


def test_a_pong_above_the_last_ping_is_ignored():
    one = connection()
    one.window.sent(1, 10)
    one.window.sent(2, 10)
    one.ping(1, now=0.0)
    assert not one.pong(2, now=0.0)
    assert one.window.events == 2
    assert not one.has_answered


def test_a_pong_without_a_ping_answers_nothing():
    one = connection()
    assert not one.pong(0, now=0.0)
    one.ping(3, now=0.0)
    assert one.pong(3, now=0.0)
    assert not one.pong(3, now=0.0), "the same answer again answers nothing"
    assert not one.pong(2, now=0.0)


def test_one_pong_answers_earlier_pings_too_and_each_ping_may_be_answered():
    one = connection()
    one.ping(3, now=0.0)
    one.ping(5, now=1.0)
    assert one.pong(3, now=0.0)
    assert one.pong(5, now=0.0)
    one.ping(6, now=2.0)
    one.ping(7, now=3.0)
    assert one.pong(7, now=0.0)
    assert not one.pong(6, now=0.0)


def test_an_answer_that_goes_further_counts_though_it_is_one_too_many():
    one = connection()
    one.window.sent(1, 10)
    one.window.sent(2, 10)
    one.ping(2, now=0.0)
    assert one.pong(1, now=0.0)
    assert not one.pong(2, now=0.0), "it is not free"
    assert one.window.events == 0
    assert not one.is_overdue(now=1_000.0, pong=10)


def test_who_has_answered_before_is_overdue_after_the_deadline():
    one = connection()
    one.ping(0, now=0.0)
    assert one.pong(0, now=0.0)
    one.ping(0, now=25.0)
    assert not one.is_overdue(now=34.9, pong=10)
    assert one.is_overdue(now=35.1, pong=10)


def test_a_late_answer_to_an_earlier_ping_gives_time_for_the_later_one():
    one = connection()
    one.ping(0, now=0.0)
    one.ping(1, now=25.0)
    assert one.pong(0, now=40.0)
    assert not one.is_overdue(now=49.9, pong=10)
    assert one.is_overdue(now=50.1, pong=10)


def test_who_never_answered_is_left_alone_until_its_window_is_full():
    one = connection(max_events=2)
    one.ping(0, now=0.0)
    assert not one.is_overdue(now=1_000.0, pong=10)
    one.window.sent(1, 10)
    one.window.sent(2, 10)
    assert one.is_overdue(now=1_000.0, pong=10)


def test_the_time_to_answer_counts_from_the_oldest_open_ping():
    one = connection()
    one.ping(0, now=0.0)
    one.pong(0, now=0.0)
    one.ping(1, now=10.0)
    one.ping(2, now=19.0)
    assert one.is_overdue(now=20.5, pong=10)
