"""The token bucket, for any sequence of requests."""

from hypothesis import given
from hypothesis import strategies as st

from hub.concurrency.token_bucket import TokenBucket


@given(
    st.floats(0.5, 100),
    st.integers(1, 100),
    st.lists(st.tuples(st.floats(0, 2), st.integers(1, 20)), max_size=60),
)
def test_no_more_is_given_than_the_burst_and_the_rate(per_second, burst, steps):
    bucket, now, given_ = TokenBucket(per_second, burst), 0.0, 0
    for pause, amount in steps:
        now += pause
        if bucket.take(amount, now):
            given_ += amount
        assert given_ <= burst + per_second * now + 1e-6
