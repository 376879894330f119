"""Latency buckets at their edges; any durations are in test_buckets_properties.py."""

import pytest

from hub.metrics.buckets import Buckets


def counted(values: list[float]) -> Buckets:
    buckets = Buckets()
    for value in values:
        buckets.record(value)
    return buckets


def test_merging_leaves_the_other_buckets_alone():
    first, second = counted([1.0]), counted([1.0, 2.0])
    first.merge(second)
    assert (first.total, second.total) == (3, 2)


def test_a_quantile_of_nothing_is_none():
    assert Buckets().quantile(0.95) is None


@pytest.mark.parametrize("share", [-0.01, 1.01, 95])
def test_a_share_outside_zero_to_one_is_refused(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        counted([1.0]).quantile(share)
