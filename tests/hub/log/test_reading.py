import pytest

from hub import log
from tests.hub.log.rows import write_rows
from tests.hub.site import tell
from tests.numbering import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def test_the_state_of_a_new_database_is_an_empty_log():
    state = log.state()
    assert (state.head, state.horizon, state.waiting) == (0, 0, False)
    assert state.epoch == log.state().epoch


def test_rows_that_nobody_numbered_are_waiting():
    tell("news")
    assert log.state().waiting
    drain()
    assert not log.state().waiting
    assert log.state().head == 1


class Replicas:
    """A router that sends every read to a replica; here, to one that is not even there."""

    def db_for_read(self, model, **hints):
        return "replica"

    def db_for_write(self, model, **hints):
        return "default"


def test_the_log_is_never_read_from_a_replica(settings):
    write_rows(["a"] * 3)
    settings.DATABASE_ROUTERS = [f"{__name__}.Replicas"]
    assert log.state().head == 3
    assert len(log.page(0, 3)) == len(log.newest(3, 9)) == 3
    assert len(log.due([("a", 0, 3)], 9)) == len(log.due_since([("a", 0, 3)], 9)) == 3
    assert log.is_more_due([("a", 0, 3)], 2)


def test_a_page_and_the_newest_are_read_oldest_first():
    write_rows(["a"] * 10)
    assert [row.position for row in log.page(3, 8)] == [4, 5, 6, 7, 8]
    assert [row.position for row in log.page(3, 8, limit=2)] == [4, 5]
    assert [row.position for row in log.newest(8, limit=3)] == [6, 7, 8]


def test_the_newest_are_read_until_they_fill_the_ring():
    write_rows(["a"] * 450)
    assert [row.position for row in log.newest(450, 1_000)] == list(range(1, 451))
    a_page = log.newest(450, 1_000, max_bytes=10)
    assert [row.position for row in a_page] == list(range(451 - log.PAGE, 451))


def test_unnumbered_rows_are_never_read():
    write_rows(["news"])
    tell("news")
    assert [row.position for row in log.page(0, 99)] == [1]
    assert [row.position for row in log.newest(99, 9)] == [1]
    assert [row.position for row in log.due([("news", 0, 99)], 9)] == [1]
