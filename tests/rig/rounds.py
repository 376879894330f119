"""A promised time, measured anew where a shared machine spoiled the measurement."""

from collections.abc import Callable, Iterator

ROUNDS = 3  # a machine that stalls for a moment spoils one; what is slow spoils all


def rounds(promised: float) -> Iterator[Callable[[float], None]]:
    """Yield until one round took no longer than `promised`, at most three times.

    Each round reports what it took, in the unit of `promised`:

        for took in rounds(2.0):
            took(await seconds_of_a_delivery())

    Raises AssertionError with all that was measured, when no round kept the promise.
    """
    measured: list[float] = []
    for _ in range(ROUNDS):
        yield measured.append
        if measured[-1] <= promised:
            return
    raise AssertionError(f"promised: {promised:g}, measured: {measured}")
