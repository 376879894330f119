"""Looks up users by key. The hub stores primary keys as text; the project owns the user model."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError


def find_users(keys: Collection[str]) -> dict[str, Any]:
    """The existing users among these keys, by their key as text."""
    model = get_user_model()
    found = []
    for key in keys:
        try:
            found.append(model._meta.pk.to_python(key))
        except ValidationError:
            continue  # Not a key of this user model.
    return {str(pk): user for pk, user in model._default_manager.in_bulk(found).items()}
