"""Long lists in parts, so that no statement has more parameters than a database takes."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

USERS_PER_STATEMENT = 500


def in_chunks(items: Sequence[T], size: int = USERS_PER_STATEMENT) -> Iterator[Sequence[T]]:
    """The items in order, at most `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
