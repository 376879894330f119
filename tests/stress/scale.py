"""How large the scenarios are (QUICK=1 is small), and the seed that makes them repeatable."""

import os
import random
from typing import TypeVar

T = TypeVar("T")

QUICK = os.environ.get("QUICK", "") not in ("", "0")
SEED = int(os.environ.get("SEED") or 1)

# In small, a promised time may be met by a later try: the machine is shared, and its stalling for a
# moment is no fault of the hub's. Nothing else has a second try.
TRIES = 3 if QUICK else 1


def scaled(quick: T, full: T) -> T:
    """The figure for this run."""
    return quick if QUICK else full


def rng(name: str) -> random.Random:
    """Random numbers of one scenario's part: the same for the same SEED."""
    return random.Random(f"{SEED}:{name}")
