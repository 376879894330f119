"""The queues of batches and of ephemeral events, and their bounds."""

import pytest

from hub.broadcast.layer import Batch, Ephemeral
from hub.broadcast.queues import MAX_EPHEMERALS, BatchQueue, EphemeralQueue
from hub.log.row import row_of


def batch(position: int, size: int) -> Batch:
    return Batch("p1", "e1", position, position, [row_of(position, "news", "a.b", "x" * size)])


def test_batches_leave_in_the_order_in_which_they_came():
    queue = BatchQueue()
    for position in (1, 2, 3):
        queue.append(batch(position, 10))
    assert [queue.popleft().first for _ in range(3)] == [1, 2, 3]
    assert not queue
    assert queue.bytes == 0


def test_the_oldest_make_room_by_bytes():
    queue = BatchQueue(max_bytes=25)
    for position in (1, 2, 3):
        queue.append(batch(position, 10))
    assert len(queue) == 2
    assert queue.bytes == 20
    assert queue.popleft().first == 2


def test_bytes_are_counted_as_they_travel():
    queue = BatchQueue()
    queue.append(Batch("p1", "e1", 1, 1, [row_of(1, "news", "a.b", "€")]))
    assert queue.bytes == 3


def test_a_batch_above_the_bound_is_not_kept():
    queue = BatchQueue(max_bytes=5)
    queue.append(batch(1, 10))
    assert not queue
    with pytest.raises(IndexError):
        queue.popleft()


def ephemeral(topic: str, key: str, tail: str = "}") -> Ephemeral:
    return Ephemeral(topic, "a.b", key, tail)


def test_a_later_ephemeral_event_replaces_the_one_with_its_topic_type_and_key():
    queue = EphemeralQueue()
    events = [ephemeral("a", "1"), ephemeral("b", "1"), ephemeral("a", "2"), ephemeral("a", "1")]
    for event in events:
        queue.put(event)
    assert queue.take_all() == events[1:]
    assert queue.take_all() == []


def test_beyond_the_bound_the_oldest_ephemeral_events_are_dropped():
    queue = EphemeralQueue()
    for number in range(MAX_EPHEMERALS + 2):
        queue.put(ephemeral("a", str(number)))
    assert len(queue) == MAX_EPHEMERALS
    assert queue.take_all()[0].key == "2"
