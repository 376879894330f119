"""What the database holds of a row, compared with what is being saved.

A receiver of `pre_save` cannot trust the instance: it may be stale, hold text for a number, or
an expression such as `F("price") - 1`. The row under its lock is the truth before, and the row
again after the write is the truth after.
"""

from collections.abc import Collection
from typing import Any

from django.db.models import Model


def lock_row(instance: Model, fields: Collection[str], using: str) -> dict[str, Any] | None:
    """The stored values, locked until the transaction ends; None for a new row."""
    if instance.pk is None:
        return None
    # no_key: rows that point at this one can still be inserted.
    rows = type(instance)._base_manager.using(using).select_for_update(no_key=True)
    return rows.filter(pk=instance.pk).values(*fields).first()


def read_row(instance: Model, fields: Collection[str], using: str) -> dict[str, Any]:
    """The stored values right after the write."""
    return type(instance)._base_manager.using(using).values(*fields).get(pk=instance.pk)


def writes(update_fields: Collection[str] | None, fields: Collection[str]) -> bool:
    """Whether a save with these `update_fields` may write one of `fields`."""
    return update_fields is None or not set(fields).isdisjoint(update_fields)
