import pytest

from hub.sockets.acknowledgements import Acknowledgements


def acknowledgements():
    return Acknowledgements(interval=25, timeout=10, now=0.0)


def take(one, position, now=0.0):
    """A pong arrives; whether it is free."""
    return one.accepts(position) and one.pong(position, now)


def test_a_pong_above_the_last_ping_is_ignored():
    one = acknowledgements()
    one.ping(1, now=0.0)
    assert not one.accepts(2)
    assert not one.has_acknowledged


def test_a_pong_without_a_ping_is_ignored():
    one = acknowledgements()
    assert not one.accepts(0)
    one.ping(3, now=0.0)
    assert take(one, 3)
    assert not one.accepts(3), "the same pong again tells nothing"
    assert not one.accepts(2)


def test_each_ping_has_a_free_pong_and_the_last_one_answers_all():
    one = acknowledgements()
    one.ping(3, now=0.0)
    one.ping(5, now=1.0)
    assert take(one, 3)
    assert take(one, 5)
    one.ping(6, now=2.0)
    one.ping(7, now=3.0)
    assert take(one, 7)
    assert not one.accepts(6)


def test_a_pong_that_goes_further_counts_though_it_is_one_too_many():
    one = acknowledgements()
    one.ping(2, now=0.0)
    assert take(one, 1)
    assert one.accepts(2)
    assert not one.pong(2, now=0.0), "it is not free"
    assert not one.is_overdue(1_000.0, window_is_full=True)


@pytest.mark.parametrize(("now", "overdue"), [(35.0, False), (35.1, True)])
def test_a_client_that_has_acknowledged_before_is_overdue_after_the_timeout(now, overdue):
    one = acknowledgements()
    one.ping(0, now=0.0)
    take(one, 0)
    one.ping(0, now=25.0)
    assert one.is_overdue(now, window_is_full=False) is overdue


def test_a_pong_of_an_earlier_ping_begins_the_time_anew():
    one = acknowledgements()
    one.ping(0, now=30.0)
    one.ping(1, now=35.0)
    take(one, 0, now=40.0)
    assert not one.is_overdue(49.9, window_is_full=False)
    assert one.is_overdue(50.1, window_is_full=False)


@pytest.mark.parametrize("window_is_full", [False, True])
def test_a_client_that_never_acknowledged_is_overdue_only_with_a_full_window(window_is_full):
    one = acknowledgements()
    one.ping(0, now=0.0)
    assert one.is_overdue(1_000.0, window_is_full=window_is_full) is window_is_full


def test_the_time_counts_from_the_oldest_open_ping():
    one = acknowledgements()
    one.ping(0, now=0.0)
    take(one, 0)
    one.ping(1, now=10.0)
    one.ping(2, now=19.0)
    assert one.is_overdue(20.5, window_is_full=False)


@pytest.mark.parametrize("has_acknowledged", [False, True])
def test_only_a_client_that_never_acknowledged_is_forgiven_its_silence(has_acknowledged):
    one = acknowledgements()
    one.ping(0, now=0.0)
    if has_acknowledged:
        take(one, 0)
        one.ping(0, now=0.0)
    one.forgive_silence()
    assert (one.waiting_since is None) is not has_acknowledged


def test_a_ping_is_due_an_interval_after_the_last_one():
    one = acknowledgements()
    assert one.next_ping == 25.0
    one.ping(0, now=7.0)
    assert one.next_ping == 32.0


@pytest.mark.parametrize(
    ("looks", "reads"),
    [
        ([(5.0, 0, True), (10.0, 0, True)], True),
        ([(5.0, 0, True), (10.1, 0, True)], False),
        ([(5.0, 1, True), (15.0, 1, True)], True),  # slow, but it took one
        ([(5.0, 0, False), (15.0, 0, True)], True),
        ([(5.0, 1, True), (15.1, 1, True)], False),
    ],
)
def test_a_client_reads_as_long_as_its_socket_takes_something(looks, reads):
    one = acknowledgements()
    found = [one.reads(now, sends=sends, is_blocked=blocked) for now, sends, blocked in looks]
    assert found[-1] is reads


@pytest.mark.parametrize(
    ("pings", "pongs", "answered"),
    [
        ([3, 5], [3], 1),
        ([3, 5], [5], 2),
        ([3, 5], [4], 1),
        ([3, 5], [2], 0),
        ([3, 3, 3], [3], 1),
        ([3, 3, 3], [3, 3], 2),
        ([3, 3, 5], [5], 3),
    ],
)
def test_a_pong_answers_the_pings_before_its_position_and_the_first_one_at_it(
    pings, pongs, answered
):
    one = acknowledgements()
    for position in pings:
        one.ping(position, now=0.0)
    for position in pongs:
        assert take(one, position)
    assert one.answered == answered


def test_one_pong_to_the_last_position_is_enough_to_be_in_time():
    one = acknowledgements()
    one.ping(3, now=0.0)
    one.ping(3, now=9.0)
    take(one, 3, now=9.5)
    assert not one.is_overdue(1_000.0, window_is_full=True)
    assert take(one, 3, now=9.6), "the second ping's pong is free as well"
    assert not one.accepts(3)
