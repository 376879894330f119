"""Groups and permissions: the users whose rights change with them, and who are checked again.

The policy checks each of their topics. A gained right counts as well: a policy may refuse what a
group stands for.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from orders.announcement import Announcement, Revocation
from orders.models import User


def users_change(through: Any, **change: Any) -> Announcement:
    """Users gain or lose groups or permissions: takes the arguments of `m2m_changed`."""
    return _recheck(_touched(through, "user_id", **change))


def groups_change(through: Any, using: str, **change: Any) -> Announcement:
    """Groups gain or lose permissions: takes the arguments of `m2m_changed`."""
    groups = _touched(through, "group_id", using=using, **change)
    return _recheck(_users(using, groups__in=groups) if groups else ())


def removal(right: Group | Permission, using: str) -> Announcement:
    """A group, or a permission in either of the ways to have one, is deleted."""
    if isinstance(right, Group):
        return _recheck(_users(using, groups=right.pk))
    has = Q(user_permissions=right.pk) | Q(groups__permissions=right.pk)
    return _recheck(_users(using, has))


def _touched(
    through: Any,
    side: str,
    instance: Any,
    action: str,
    reverse: bool,
    pk_set: set[int] | None,
    using: str,
    **rest: Any,
) -> set[int]:
    """The keys on one side of the many-to-many table.

    `side` is the column of the side that declares the field, such as "user_id". A clear names no
    keys, so they are read before it happens; after every other change they are known.
    """
    if action in ("post_add", "post_remove") and pk_set:
        return set(pk_set) if reverse else {instance.pk}
    if action == "pre_clear":
        columns = {field.attname for field in through._meta.fields if field.is_relation}
        [other] = columns - {side}
        rows = through.objects.using(using).filter(**{other if reverse else side: instance.pk})
        return set(rows.values_list(side, flat=True))
    return set()


def _users(using: str, *conditions: Q, **lookups: Any) -> Iterable[int]:
    users = User.objects.using(using).filter(*conditions, **lookups)
    return users.values_list("pk", flat=True)


def _recheck(users: Iterable[int]) -> Announcement:
    return Announcement(
        revocations=[Revocation(user, "permissions") for user in sorted(set(users))]
    )
