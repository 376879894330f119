"""Log-scaled latency buckets: small, mergeable, and within 2 % of every quantile.

Bucket `i` counts the values in (GAMMA^(i-1), GAMMA^i]. This is the mapping of DDSketch (Masson,
Rim, Lee, VLDB 2019): with GAMMA = (1 + a) / (1 - a), the value 2 * GAMMA^i / (GAMMA + 1) is at
most the share `a` away from everything in the bucket.
"""

import math
from collections.abc import Iterable, Mapping

ACCURACY = 0.02  # relative error of a quantile, at most
GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
SHORTEST = 0.01  # milliseconds; anything faster counts as this
LONGEST = 3_600_000.0  # milliseconds, one hour; anything slower counts as this

_LN_GAMMA = math.log(GAMMA)


def bucket_index(milliseconds: float) -> int:
    """The bucket that counts this duration; out-of-range values count in the outermost ones."""
    clamped = min(max(milliseconds, SHORTEST), LONGEST)
    return math.ceil(math.log(clamped) / _LN_GAMMA)


def bucket_value(index: int) -> float:
    """The duration in milliseconds that stands for everything in this bucket."""
    return float(2 * GAMMA**index / (GAMMA + 1))


# How many different buckets there can be: the bound of a Buckets' memory.
MAX_BUCKETS = bucket_index(LONGEST) - bucket_index(SHORTEST) + 1


class Buckets:
    """Counts of durations by bucket. Not thread-safe: its owner holds the lock."""

    __slots__ = ("counts",)

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self.counts: dict[int, int] = dict(counts or {})

    def record(self, milliseconds: float) -> None:
        """Count one duration."""
        index = bucket_index(milliseconds)
        self.counts[index] = self.counts.get(index, 0) + 1

    def merge(self, other: "Buckets") -> None:
        """Add the counts of `other`, which stays as it is."""
        for index, count in other.counts.items():
            self.counts[index] = self.counts.get(index, 0) + count

    @property
    def total(self) -> int:
        """How many durations were counted."""
        return sum(self.counts.values())

    def quantile(self, share: float) -> float | None:
        """The duration in milliseconds that `share` (0 to 1) of all stay at or below.

        The nearest-rank quantile, within ACCURACY; None when nothing was counted. Raises
        ValueError for a share outside 0 to 1.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"a quantile's share lies between 0 and 1, not at {share!r}")
        rank = max(1, math.ceil(share * self.total))
        passed = 0
        for index in sorted(self.counts):
            passed += self.counts[index]
            if passed >= rank:
                return bucket_value(index)
        return None


def merged(parts: Iterable[Buckets]) -> Buckets:
    """A new Buckets with the counts of all of them."""
    whole = Buckets()
    for part in parts:
        whole.merge(part)
    return whole
