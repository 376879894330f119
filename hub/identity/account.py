"""The user's row: which changes of it take rights away.

Works with every user model: what it lacks of these columns does not change.
"""

from collections.abc import Collection
from typing import Any

from django.db import connections

from hub.publishing.revocation import revoke

FIELDS = ("password", "is_active", "is_staff", "is_superuser")
_BEFORE = "_hub_before"  # the instance's attribute between a `pre_` and its `post_` signal


def remember_row(user: Any, using: str, update_fields: Collection[str] | None) -> None:
    """Before a save: keep the stored values that it may change."""
    names = [one.name for one in user._meta.concrete_fields if one.name in FIELDS]
    written = update_fields is None or not set(names).isdisjoint(update_fields)
    vars(user)[_BEFORE] = _stored(user, names, using) if written else None


def remember_existence(user: Any, using: str) -> None:
    """Before a deletion, which Django also announces of an account that is gone already."""
    vars(user)[_BEFORE] = _stored(user, ["pk"], using)


def revoke_lost(user: Any, using: str, update_fields: Collection[str] | None) -> None:
    """After a save: revoke what the user lost by it."""
    before = vars(user).pop(_BEFORE, None)
    if before is None:
        return
    after = type(user)._base_manager.using(using).values(*before).get(pk=user.pk)
    changed = {name: after[name] for name in before if before[name] != after[name]}
    if is_newer_hash(user, update_fields):
        changed.pop("password", None)
    reasons = {
        "staff": changed.get("is_staff") is False,
        # Gained as well: a policy may refuse what a superuser stands for.
        "permissions": "is_superuser" in changed,
        "password": "password" in changed,
        "deactivated": changed.get("is_active") is False,
    }
    for reason, applies in reasons.items():
        if applies:
            revoke(user.pk, reason)


def revoke_account(user: Any) -> None:
    """After a deletion: close the user's sockets."""
    if vars(user).pop(_BEFORE, None) is not None:
        revoke(user.pk, "deleted")


def is_newer_hash(user: Any, update_fields: Collection[str] | None) -> bool:
    """Whether a save stores the password that the account has, in a newer hash.

    `AbstractBaseUser.check_password` does that by itself. It sets the password, forgets the text
    of it, and saves this field alone.
    """
    forgotten = vars(user).get("_password", "") is None
    return forgotten and update_fields is not None and set(update_fields) == {"password"}


def _stored(user: Any, names: list[str], using: str) -> dict[str, Any] | None:
    """The values before the write, locked where a transaction can hold the lock."""
    if user.pk is None:
        return None
    rows = type(user)._base_manager.using(using)
    if connections[using].in_atomic_block:
        # no_key: rows that point at this one can still be inserted.
        rows = rows.select_for_update(no_key=True)
    found: dict[str, Any] | None = rows.filter(pk=user.pk).values(*names).first()
    return found
