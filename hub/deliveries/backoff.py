"""When to try again."""

import datetime
import random

ATTEMPTS = 30  # then a delivery is given up: most of a day
FIRST = 15.0  # seconds until the second attempt; doubled for each further one
LONGEST = 3_600.0  # seconds between two attempts at most


def pause(attempts: int, first: float = FIRST, longest: float = LONGEST) -> datetime.timedelta:
    """How long to wait after so many failed attempts, 1 or more.

    The upper half of the time is random, so that what failed together does not come back together.
    """
    # Bounded first: 2 ** 1000 is no float.
    seconds = min(longest, first * 2.0 ** min(attempts - 1, 64))
    return datetime.timedelta(seconds=random.uniform(seconds / 2, seconds))
