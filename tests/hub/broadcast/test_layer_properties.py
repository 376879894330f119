"""Any rows become batches that cover them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.broadcast import layer
from hub.broadcast.layer import batches
from hub.log.row import row_of

rows = st.lists(st.text(max_size=60), min_size=1, max_size=20).map(
    lambda tails: [row_of(n, "a", "test.told", tail) for n, tail in enumerate(tails, start=5)]
)


@given(rows, st.integers(1, 200))
def test_batches_cover_the_rows_in_order_without_a_hole(numbered, bound):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layer, "MAX_BYTES", bound)
        made = list(batches("p1", "e1", numbered))
    assert [row for one in made for row in one.rows] == numbered
    for one in made:
        assert (one.first, one.last) == (one.rows[0].position, one.rows[-1].position)
        assert len(one.rows) == 1 or sum(len(row.tail) for row in one.rows) <= bound
