"""What is told of an account, and whose e-mail address is whose."""

from collections.abc import Collection
from typing import Any

from orders.errors import EmailTaken
from orders.models import User
from orders.rows import lock_row, read_row, writes

# A change of one of these is told to the person; the rights have announcements of their own.
ACCOUNT_FIELDS = ("username", "first_name", "last_name", "email", "password")
USER_FIELDS = (*ACCOUNT_FIELDS, "wants_news", "is_staff", "is_superuser", "is_active")


def lock_account(
    person: User, using: str, update_fields: Collection[str] | None
) -> dict[str, Any] | None:
    """The stored account before a save; None for a new one, and for a save of something else."""
    return lock_row(person, USER_FIELDS, using) if writes(update_fields, USER_FIELDS) else None


def check_email(person: User, using: str, update_fields: Collection[str] | None) -> None:
    """Raise EmailTaken where a save would give the person somebody else's address."""
    if person.email and writes(update_fields, ("email",)):
        holders = User.objects.using(using).with_email(person.email)
        if holders.exclude(pk=person.pk).exists():
            raise EmailTaken


def changes(person: User, before: dict[str, Any], using: str) -> dict[str, Any]:
    """What the save changed, by field, with the new values. A newer hash is no new password."""
    after = read_row(person, USER_FIELDS, using)
    changed = {name: after[name] for name in USER_FIELDS if before[name] != after[name]}
    if person.is_upgrading_hash:
        changed.pop("password", None)
    return changed
