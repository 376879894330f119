"""Rows of which every product or user has exactly one."""

from typing import Any

from django.db import transaction


def add_dependant(model: Any, owner: dict[str, int], raw: bool, using: str) -> None:
    """Add the owner's row. A fixture (`raw`) may bring it later, so it is added on commit."""

    def make() -> None:
        model.objects.using(using).get_or_create(**owner)

    if raw:
        transaction.on_commit(make, using=using)
    else:
        make()
