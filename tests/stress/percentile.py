"""The one formula of percentiles in these tests."""

from collections.abc import Collection


def percentile(values: Collection[float], percent: int) -> float:
    """The smallest of the values that at least so many percent of them do not exceed.

    That is the nearest rank: always one of the values, nothing between two. ValueError where
    there is none.
    """
    if not values:
        raise ValueError("no values")
    return sorted(values)[-(-len(values) * percent // 100) - 1]
