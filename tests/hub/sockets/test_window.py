from hypothesis import given
from hypothesis import strategies as st

from hub.sockets.window import Window


def test_a_window_counts_what_was_sent_until_it_is_acknowledged():
    window = Window(4, 1_000)
    for position in (1, 2, 3):
        window.sent(position, 10)
    assert (window.events, window.bytes) == (3, 30)
    window.acknowledged(2, pings=1)
    assert (window.events, window.bytes) == (1, 10)
    window.acknowledged(3, pings=1)
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
    window.sent_other(0, 25)
    assert window.events == 1
    assert window.is_full
    window.acknowledged(1, pings=1)
    assert (window.events, window.bytes) == (0, 0)


def test_a_frame_without_room_makes_the_window_full_until_an_acknowledgement():
    window = Window(100, 53)  # 50 of them for events
    assert window.reserve(60), "an empty one takes anything"
    window.sent(1, 30)
    assert window.reserve(20) and not window.is_full
    assert not window.reserve(21) and window.is_full
    window.acknowledged(1, pings=1)
    assert window.reserve(21)


def test_a_window_that_is_full_of_events_has_room_for_replies():
    window = Window(100, 160)
    window.sent(1, 150)
    assert window.is_full
    assert window.has_room_for_reply(10) and not window.has_room_for_reply(11)
    window.sent_other(0, 10)
    assert not window.has_room_for_reply(1)
    window.acknowledged(1, pings=1)
    assert window.has_room_for_reply(200), "an empty one takes anything"


def test_frames_without_a_position_wait_for_a_pong_to_a_ping_that_was_sent_after_them():
    window = Window(100, 1_000)
    window.sent(7, 1)
    window.sent_other(0, 10)
    window.sent_other(1, 100, events=2)
    window.acknowledged(7, pings=1)
    assert (window.bytes, window.events) == (100, 2), "the second came after the first ping"
    window.acknowledged(7, pings=2)
    assert (window.bytes, window.events) == (0, 0)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40), st.booleans()), max_size=40),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_a_window_holds_exactly_what_is_not_acknowledged(steps, position, pings):
    window, sent, at = Window(1_000, 100_000), [], 1
    for step, size, is_logged in steps:
        at += step
        if is_logged:
            window.sent(at, size)
        else:
            window.sent_other(at, size)
        sent.append((at, size, is_logged))
    window.acknowledged(position, pings)
    open_ = [one for one in sent if (one[0] > position if one[2] else one[0] >= pings)]
    assert window.events == sum(one[2] for one in open_)
    assert window.bytes == sum(one[1] for one in open_)


@given(
    st.integers(1, 400),
    st.lists(st.tuples(st.booleans(), st.integers(1, 100), st.booleans()), max_size=60),
)
def test_no_more_is_unacknowledged_than_a_window_takes(most, steps):
    window = Window(1_000, most)
    for position, (is_event, size, is_acknowledged) in enumerate(steps):
        if is_acknowledged:
            window.acknowledged(position - 1, pings=position)
        if window.reserve(size) if is_event else window.has_room_for_reply(size):
            alone = not window.bytes
            if is_event:
                window.sent(position, size)
            else:
                window.sent_other(position, size)
            assert window.bytes <= most or alone
        elif is_event:
            assert window.is_full
