"""A connection's window and bounds against plain sums and comparisons."""

from hypothesis import given
from hypothesis import strategies as st

from hub.sockets.connection import Connection, Interval, Window


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.booleans()), max_size=40),
    st.integers(0, 60),
)
def test_a_window_owes_exactly_what_lies_above_the_answer(steps, answer):
    window, sent, position = Window(1_000, 100_000), [], 1
    for step, size, is_event in steps:
        position += step
        events = 1 if is_event else 0
        window.sent(position, size, events=events)
        sent.append((position, events, size))
    window.answered(answer)
    open_ = [one for one in sent if one[0] > answer]
    assert window.events == sum(one[1] for one in open_)
    assert window.bytes == sum(one[2] for one in open_)


@given(
    st.integers(1, 400),
    st.lists(st.tuples(st.booleans(), st.integers(1, 100), st.booleans()), max_size=60),
)
def test_no_more_is_unanswered_than_a_window_takes(most, steps):
    window = Window(1_000, most)
    for position, (is_event, size, is_answered) in enumerate(steps):
        if is_answered:
            window.answered(position - 1)
        if window.takes(size) if is_event else window.takes_answer(size):
            alone = not window.bytes
            window.sent(position, size, events=int(is_event))
            assert window.bytes <= most or alone
        elif is_event:
            assert window.is_full


topics = st.sampled_from(["a", "b", "c"])
positions = st.integers(0, 30)
intervals = st.builds(Interval, positions, st.none() | positions)


@given(
    positions,
    st.dictionaries(topics, positions, max_size=3),
    st.dictionaries(topics, st.lists(intervals, min_size=1, max_size=3), max_size=3),
    positions,
)
def test_what_is_read_from_the_log_is_what_is_due_live(cursor, pages, own, upto):
    one = Connection(cursor, Window(4, 1_000))
    one.pages, one.own = pages, own
    bounds = list(one.bounds(upto))
    for topic in ("a", "b", "c"):
        for position in range(32):
            read = any(t == topic and since < position <= until for t, since, until in bounds)
            assert read == (position <= upto and one.due(topic, position))
