"""Rows that every product or person has exactly one of."""

from typing import Any

from django.db import transaction


def add_dependant(model: Any, owner: dict[str, int], raw: bool, using: str) -> None:
    """Add the owner's row. A fixture (`raw`) may bring its own, later: look again at its end."""

    def make() -> None:
        model.objects.using(using).get_or_create(**owner)

    if raw:
        transaction.on_commit(make, using=using)
    else:
        make()
