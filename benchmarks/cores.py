"""Which core runs what: the server alone on one, everything else on the other."""

import contextlib
import os
from collections.abc import Iterator

_ALL = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
SERVER = set(_ALL[:1])
LOAD = set(_ALL[1:2]) or SERVER
PINNED = bool(SERVER) and SERVER != LOAD


@contextlib.contextmanager
def on(cores: set[int]) -> Iterator[None]:
    """What is started inside stays on these cores."""
    if not PINNED:
        yield
        return
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, _ALL)
