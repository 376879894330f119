"""Latency buckets against sorted lists of the same durations."""

import math

from hypothesis import given
from hypothesis import strategies as st

from hub.metrics.buckets import (
    ACCURACY,
    LONGEST,
    MAX_BUCKETS,
    SHORTEST,
    Buckets,
    bucket_index,
    bucket_value,
    merged,
)

# A hair above the promise, for the rounding of floats at the very edge of a bucket.
TOLERANCE = ACCURACY * 1.000001

durations = st.floats(min_value=SHORTEST, max_value=LONGEST)
shares = st.floats(min_value=0, max_value=1)


def counted(values: list[float]) -> Buckets:
    buckets = Buckets()
    for value in values:
        buckets.record(value)
    return buckets


def nearest_rank(values: list[float], share: float) -> float:
    return sorted(values)[max(1, math.ceil(share * len(values))) - 1]


@given(st.lists(durations, min_size=1), shares)
def test_each_quantile_lies_within_two_percent_of_the_sorted_data(values, share):
    exact = nearest_rank(values, share)
    found = counted(values).quantile(share)
    assert abs(found - exact) <= exact * TOLERANCE


@given(st.lists(st.lists(durations), max_size=5), shares)
def test_merged_buckets_give_the_quantiles_of_all_durations_together(parts, share):
    together = counted([value for part in parts for value in part])
    whole = merged(counted(part) for part in parts)
    assert whole.counts == together.counts
    assert whole.quantile(share) == together.quantile(share)


@given(durations)
def test_the_value_of_a_bucket_stands_for_everything_in_it(value):
    assert abs(bucket_value(bucket_index(value)) - value) <= value * TOLERANCE


@given(st.lists(st.floats(min_value=-1e9, max_value=1e12), max_size=50))
def test_no_duration_makes_a_bucket_out_of_bounds(values):
    buckets = counted(values)
    assert buckets.total == len(values)
    assert all(0 <= index - bucket_index(SHORTEST) < MAX_BUCKETS for index in buckets.counts)
