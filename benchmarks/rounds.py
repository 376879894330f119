"""Alternating rounds, and what they come to: medians with their spread."""

import os
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

QUICK = os.environ.get("QUICK", "") not in ("", "0")
ROUNDS = 1 if QUICK else 5
T = TypeVar("T")


def scaled(quick: T, full: T) -> T:
    """The figure for this run."""
    return quick if QUICK else full


class Summary(NamedTuple):
    """Of one figure over all rounds."""

    median: float
    low: float
    high: float
    rounds: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Summary":
        return cls(statistics.median(values), min(values), max(values), len(values))


Figures = Mapping[str, float]


def alternate(
    contenders: Iterable[T], measure: Callable[[T], Figures], rounds: int = 0
) -> dict[T, dict[str, Summary]]:
    """Measure each contender once a round, in turn, so that a busy minute falls on all of them.

    Each second round goes backwards. One that fails is reported and left out from then on.
    """
    values: dict[T, dict[str, list[float]]] = {one: {} for one in contenders}
    for number in range(rounds or ROUNDS):
        for one in list(values) if number % 2 == 0 else reversed(list(values)):
            if not values.get(one) and number:
                continue
            try:
                figures = measure(one)
            except Exception as error:
                failed(one, error)
                continue
            shown = ", ".join(f"{name} {value:,.4g}" for name, value in figures.items())
            print(f"  round {number + 1}: {one}: {shown}", flush=True)
            for name, value in figures.items():
                values[one].setdefault(name, []).append(value)
    return {
        one: {name: Summary.of(each) for name, each in figures.items()}
        for one, figures in values.items()
        if figures
    }


failures: list[str] = []  # of this run, a line each


def failed(what: object, error: BaseException) -> None:
    line = f"{what}: {type(error).__name__}: {str(error)[:2000]}"
    failures.append(line.splitlines()[0][:300])
    print(f"  FAILED {line}", flush=True)


def percentile(values: Iterable[float], share: float) -> float:
    """The value that this share of all is at or below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
