"""The rate of HTTP requests per user and process, counted once for the API and for pages."""

import threading
import time
from collections import OrderedDict
from typing import Any

from hub.concurrency.token_bucket import TokenBucket
from hub.limits import load_limits

MAX_USERS = 10_000  # whose rates are kept; the least recent one is dropped first
RETRY_AFTER = 1  # seconds after which a refused user may try again

_rates: "OrderedDict[tuple[Any, int, int], TokenBucket]" = OrderedDict()
_lock = threading.Lock()


def take_request(user_id: Any) -> bool:
    """Count a request of this user. False above `RATE` per second and `BURST` at once."""
    limits = load_limits()
    key = (user_id, limits.rate, limits.burst)
    with _lock:
        bucket = _rates.pop(key, None) or TokenBucket(limits.rate, limits.burst)
        _rates[key] = bucket
        if len(_rates) > MAX_USERS:
            _rates.popitem(last=False)
        return bucket.take(1, time.monotonic())
