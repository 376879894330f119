"""Concurrency: threads with database connections, background tasks, rates, warnings logged once."""
