"""Counts what happened in a simulation, from all shoppers' threads."""

import threading
from collections import Counter

REFUSED = (409, 422, 429)  # statuses with which the shop refuses and says why
# What shoppers and staff did, in the order in which it is printed.
DONE = ("orders", "watched", "unwatched", "price drops", "price raises", "restocked")


class Tally:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()

    def answered(self, status: int) -> None:
        with self._lock:
            self.statuses[status] += 1

    def failed(self) -> None:
        """A request without an answer."""
        self.did("failed")

    def did(self, what: str) -> None:
        """`what` is one of DONE."""
        with self._lock:
            self._counted[what] += 1

    def count(self, what: str) -> int:
        return self._counted[what]

    @property
    def requests(self) -> int:
        return sum(self.statuses.values()) + self._counted["failed"]

    @property
    def refusals(self) -> int:
        """Requests that the shop refused with a reason, as it should."""
        return sum(self.statuses[status] for status in REFUSED)

    @property
    def errors(self) -> int:
        """Requests without an answer, or with one that a shopper should never get."""
        wrong = (
            number
            for status, number in self.statuses.items()
            if status >= 400 and status not in REFUSED
        )
        return sum(wrong) + self._counted["failed"]

    def __str__(self) -> str:
        done = (f"{self._counted[name]} {name}" for name in DONE if self._counted[name])
        return ", ".join((*done, f"{self.refusals} refusals", f"{self.errors} errors"))
