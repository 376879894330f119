"""Runs several writers at once, each in a thread with connections of its own."""

import threading
from collections.abc import Callable

from django.db import connections

DEADLINE = 60  # seconds for all threads of one test


def race(*runners: Callable[[], object]) -> list[object]:
    """Run all at once, each in a thread. Returns their results; an exception is one."""
    start = threading.Barrier(len(runners))
    results: list[object] = [None] * len(runners)

    def run(index: int, runner: Callable[[], object]) -> None:
        try:
            start.wait(DEADLINE)
            results[index] = runner()
        except Exception as error:
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(runners)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
        assert not thread.is_alive()
    return results
