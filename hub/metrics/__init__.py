"""Request metrics: each process measures its HTTP requests and tells a sample of them every second.

    wrapper (opens a record) -> Django's signals and the middleware (fill and close it)
    -> meter (adds it up) -> sampler (once a second: one event on the topic `metrics`)

Closing a record is a few additions in memory. Latencies are kept as buckets, so that those of all
processes can be merged before a percentile is read off.
"""
