"""How long to wait before the next attempt."""

import datetime
import random

MAX_ATTEMPTS = 30  # then a delivery is given up: after most of a day
FIRST_PAUSE = 15.0  # seconds until the second attempt; doubled for each further one
LONGEST_PAUSE = 3_600.0  # seconds between two attempts at most


def pause(
    attempts: int, first: float = FIRST_PAUSE, longest: float = LONGEST_PAUSE
) -> datetime.timedelta:
    """The time to wait after this number of failed attempts, 1 or more.

    The upper half of it is random, so that deliveries that failed together do not all come back
    at the same moment.
    """
    # The exponent is bounded because 2.0 ** 1000 overflows a float.
    seconds = min(longest, first * 2.0 ** min(attempts - 1, 64))
    return datetime.timedelta(seconds=random.uniform(seconds / 2, seconds))
