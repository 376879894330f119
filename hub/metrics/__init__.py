"""Request metrics: each process measures its HTTP requests and sends a sample every second.

    wrapper (opens a record, sees the status, counts it at the end)
      -> Django's request signals (time what Django handles), middleware (names the route)
    -> meter (adds records up) -> sampler (once a second: one event on the topic `metrics`)

Counting a record is a few additions in memory. Latencies are kept as buckets, so that those of
all processes can be merged before a percentile is read from them.
"""

from hub.metrics.sample import TOPIC

__all__ = ["TOPIC"]
