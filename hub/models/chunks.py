"""Long lists in parts, so that no statement takes long or has too many parameters."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from django.db import router
from django.db.models import QuerySet

T = TypeVar("T")

USERS_PER_STATEMENT = 500
ROWS_PER_DELETE = 5_000


def in_chunks(items: Sequence[T], size: int = USERS_PER_STATEMENT) -> Iterator[Sequence[T]]:
    """The items in order, at most `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def delete_in_chunks(rows: QuerySet[Any]) -> int:
    """Delete the rows, ROWS_PER_DELETE in each statement, and return how many there were.

    Outside a transaction each chunk is committed by itself. Order the rows along an index, so
    that finding a chunk does not read the rows before it.
    """
    # Read where they are written: a replica would show rows that are gone already.
    rows = rows.using(router.db_for_write(rows.model))
    removed = 0
    while keys := list(rows.values_list("pk", flat=True)[:ROWS_PER_DELETE]):
        removed += rows.model._default_manager.using(rows.db).filter(pk__in=keys).delete()[0]
    return removed
