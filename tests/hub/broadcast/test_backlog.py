"""The queue of batches."""

import pytest

from hub.broadcast.backlog import Backlog
from hub.broadcast.layer import Batch
from hub.log.numbering import Row


def batch(position: int, size: int) -> Batch:
    return Batch("p1", "e1", position, position, [Row(position, "news", "a.b", "x" * size)])


def test_batches_leave_in_the_order_in_which_they_came():
    backlog = Backlog()
    for position in (1, 2, 3):
        backlog.append(batch(position, 10))
    assert [backlog.popleft().first for _ in range(3)] == [1, 2, 3]
    assert not backlog
    assert backlog.bytes == 0


def test_the_oldest_make_room_by_bytes():
    backlog = Backlog(max_bytes=25)
    for position in (1, 2, 3):
        backlog.append(batch(position, 10))
    assert len(backlog) == 2
    assert backlog.bytes == 20
    assert backlog.popleft().first == 2


def test_bytes_are_counted_as_they_travel():
    backlog = Backlog()
    backlog.append(Batch("p1", "e1", 1, 1, [Row(1, "news", "a.b", "€")]))
    assert backlog.bytes == 3


def test_one_that_is_too_large_alone_is_not_kept():
    backlog = Backlog(max_bytes=5)
    backlog.append(batch(1, 10))
    assert not backlog
    with pytest.raises(IndexError):
        backlog.popleft()
