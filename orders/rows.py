"""The stored values of a row, compared with what is being saved.

A `pre_save` receiver cannot trust the instance: it may be stale, hold text for a number, or an
expression such as `F("price") - 1`. The locked row holds the values before the write, and the row
read again after the write holds the values after it.
"""

from collections.abc import Collection
from typing import Any

from django.db.models import Model

_REMEMBERED = "_remembered"  # the instance's attribute between a `pre_` and its `post_` signal


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


def remember(instance: Model, found: Any) -> None:
    """Keep what a `pre_` receiver found for the `post_` receiver of the same write.

    Signals hand nothing over from one to the other but the instance itself.
    """
    vars(instance)[_REMEMBERED] = found


def recall(instance: Model) -> Any:
    """What the `pre_` receiver found, once; None where it found nothing or is turned off."""
    return vars(instance).pop(_REMEMBERED, None)
