"""Looks up users by key. The hub stores primary keys as text; the project owns the user model."""

import contextlib
from collections.abc import Collection, Iterable
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


def active_users(keys: Iterable[Any]) -> dict[Any, Any]:
    """The active users among these keys, by the key as it was given; one statement."""
    model = get_user_model()
    wanted = {}
    for key in keys:
        with contextlib.suppress(ValueError, ValidationError):  # Not a key of this user model.
            wanted[key] = model._meta.pk.to_python(key)
    found = model._default_manager.in_bulk(list(dict.fromkeys(wanted.values())))
    users = {key: found.get(pk) for key, pk in wanted.items()}
    return {key: user for key, user in users.items() if user is not None and user.is_active}
