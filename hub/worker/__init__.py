"""The worker: work that is done outside requests, by one process of a site at a time."""
