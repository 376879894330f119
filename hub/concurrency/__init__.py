"""Concurrency: threads with database connections, background tasks, rates, warnings said once."""
