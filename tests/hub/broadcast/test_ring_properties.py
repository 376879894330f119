"""The ring against a plain list."""

from hypothesis import given
from hypothesis import strategies as st

from hub.broadcast.ring import Ring, entry_of
from hub.log.row import row_of

TOPICS = ["a", "b", "c"]


bounds = st.tuples(st.sampled_from([*TOPICS, "never"]), st.integers(0, 70), st.integers(0, 70))


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.sampled_from(TOPICS), st.integers(0, 50)), max_size=40
    ),
    st.integers(1, 12),
    st.integers(60, 900),
    st.lists(bounds, max_size=4),
    st.integers(1, 20),
)
def test_a_ring_finds_what_a_plain_list_would(steps, max_events, max_bytes, wanted, limit):
    ring, plain, position, dropped = Ring(max_events, max_bytes), [], 0, 0
    for step, topic, size in steps:
        position += step
        entry = entry_of(row_of(position, topic, "test.told", "x" * size + "}"))
        ring.append(entry)
        plain.append(entry)
        while len(plain) > max_events or sum(one.size for one in plain) > max_bytes:
            dropped = plain.pop(0).position
    due = [
        one
        for one in plain
        if any(one.topic == topic and since < one.position <= upto for topic, since, upto in wanted)
    ]
    assert ring.due(wanted, limit) == due[:limit]
    assert (ring.start, len(ring)) == (dropped, len(plain))
    assert ring.bytes == sum(one.size for one in plain)
