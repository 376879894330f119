from hub.broadcast.ring import Ring, entry_of
from hub.log.row import row_of


def filled(positions, *, max_events=1_000, max_bytes=1_000_000, topic="a", tail="}"):
    ring = Ring(max_events, max_bytes)
    for position in positions:
        ring.append(entry_of(row_of(position, topic, "test.told", tail)))
    return ring


def test_an_entry_is_the_finished_frame_and_knows_its_bytes_on_the_wire():
    entry = entry_of(row_of(7, "a", "test.told", '"title":"ä"}'))
    assert entry.text == '{"op":"event","id":7,"title":"ä"}'
    assert entry.size == len(entry.text.encode())


def test_the_oldest_make_room_above_the_bound_of_events():
    ring = filled(range(1, 8), max_events=3)
    assert [entry.position for entry in ring.due([("a", 0, 99)], 99)] == [5, 6, 7]
    assert ring.start == 4
    assert len(ring) == 3


def test_the_oldest_make_room_above_the_bound_of_bytes():
    size = entry_of(row_of(1, "a", "test.told", "}")).size
    ring = filled(range(1, 8), max_bytes=3 * size)
    assert ring.bytes <= 3 * size
    assert len(ring) == 3


def test_a_frame_larger_than_the_ring_leaves_it_empty_and_complete_above_that_frame():
    ring = filled([1, 2], max_bytes=10)
    assert len(ring) == 0
    assert ring.bytes == 0
    assert ring.start == 2


def test_a_reset_ring_is_complete_above_the_given_position():
    ring = filled(range(1, 4))
    ring.reset(50)
    assert (ring.start, len(ring), ring.bytes) == (50, 0, 0)
    assert ring.due([("a", 0, 99)], 99) == []


def test_overlapping_bounds_give_an_event_once():
    ring = filled(range(1, 6))
    found = ring.due([("a", 0, 4), ("a", 2, 5)], 99)
    assert [entry.position for entry in found] == [1, 2, 3, 4, 5]
