"""How often somebody may ask this process: requests of a user, or anything by another key."""

import threading
import time
from collections import OrderedDict
from typing import Any

from hub.concurrency.token_bucket import TokenBucket
from hub.limits import load_limits

MAX_KEYS = 10_000  # whose rates are kept; the least recent one is dropped first
RETRY_AFTER = 1  # seconds after which a refused user may try again


class Rates:
    """A token bucket for each of the most recent keys. For any thread."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[Any, TokenBucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: Any, per_second: float, burst: float) -> bool:
        """Count once for the key. False above `per_second` and `burst` at once."""
        with self._lock:
            key = (key, per_second, burst)
            bucket = self._buckets.pop(key, None) or TokenBucket(per_second, burst)
            self._buckets[key] = bucket
            if len(self._buckets) > MAX_KEYS:
                self._buckets.popitem(last=False)
            return bucket.take(1, time.monotonic())


_requests = Rates()


def take_request(user_id: Any) -> bool:
    """Count a request of this user, to the API or to a page.

    False above `RATE` per second and `BURST` at once.
    """
    limits = load_limits()
    return _requests.take(user_id, limits.rate, limits.burst)
