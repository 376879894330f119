from hypothesis import given
from hypothesis import strategies as st

from hub.sockets.subscriptions import Interval, Subscriptions


def positions_of(one, topic, upto=10):
    return [position for position in range(upto) if one.cover(topic, position)]


def test_a_requested_topic_begins_behind_its_position():
    one = Subscriptions()
    one.request(["a"], 3)
    assert positions_of(one, "a", 6) == [4, 5]
    assert positions_of(one, "b") == []


def test_a_topic_that_is_requested_again_stays_as_it_is():
    one = Subscriptions({}, {"a": 3})
    one.request(["a", "b"], 7)
    assert one.requested_topics == {"a": 3, "b": 7}


def test_an_interval_begins_behind_since_and_ends_with_until():
    one = Subscriptions({"a": [Interval(3, 6)]})
    assert positions_of(one, "a") == [4, 5, 6]


def test_opening_twice_is_opening_once():
    one = Subscriptions()
    one.open("a", 3)
    one.open("a", 5)
    assert one.user_topics == {"a": [Interval(3)]}


def test_a_closed_topic_is_gone_and_closing_it_again_changes_nothing():
    one = Subscriptions({"a": [Interval(3)]})
    for _ in range(2):
        one.close("a", 9)
        assert one.topics() == set()


def test_a_topic_that_was_closed_and_opened_again_is_open():
    one = Subscriptions({"a": [Interval(1, 4), Interval(8)]})
    assert one.open_user_topics() == ["a"]
    one.close("a", 4)
    assert one.open_user_topics() == ["a"], "the later interval stands"
    assert positions_of(one, "a") == [9]


def test_a_topic_that_ends_is_not_open():
    one = Subscriptions({"a": [Interval(1, 4)], "b": [Interval(1, 4), Interval(8)]})
    assert one.open_user_topics() == ["b"]


def test_closing_a_users_topic_leaves_what_was_requested():
    one = Subscriptions({}, {"a": 2})
    one.open("a", 0)
    one.close("a", 5)
    assert "a" in one
    assert one.cover("a", 6)


def test_releasing_names_each_requested_topic_once_and_leaves_the_users_own():
    one = Subscriptions({"own": [Interval(0)]}, {"a": 0, "b": 0})
    assert one.release(["a", "own", "a", "never"]) == ["a"]
    assert one.topics() == {"own", "b"}


def test_dropped_topics_are_received_no_more():
    one = Subscriptions({"a": [Interval(0)]}, {"b": 0})
    one.drop(["a", "b", "c"])
    assert one.topics() == set()
    assert list(one.bounds(0, 99)) == []


topics = st.sampled_from(["a", "b", "c"])
positions = st.integers(0, 30)
intervals = st.builds(Interval, positions, st.none() | positions)


@given(
    positions,
    st.dictionaries(topics, positions, max_size=3),
    st.dictionaries(topics, st.lists(intervals, min_size=1, max_size=3), max_size=3),
    positions,
)
def test_what_is_read_from_the_log_is_what_is_received_live(cursor, requested, own, upto):
    one = Subscriptions(own, requested)
    bounds = list(one.bounds(cursor, upto))
    for topic in ("a", "b", "c"):
        for position in range(32):
            read = any(t == topic and since < position <= until for t, since, until in bounds)
            assert read == (cursor < position <= upto and one.cover(topic, position))
