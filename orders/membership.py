"""Whose rights change when groups and permissions do."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from orders.models import User


def touched(
    through: Any,
    side: str,
    instance: Any,
    action: str,
    reverse: bool,
    pk_set: set[int] | None,
    using: str,
    **rest: Any,
) -> set[int]:
    """The keys on one side of a many-to-many table that an `m2m_changed` is about.

    Takes the signal's arguments. `side` is the column of the side that declares the field, such
    as "user_id". A clear names nobody, so its keys are read before it happens; after every other
    action that changes rows they are known.
    """
    if action in ("post_add", "post_remove") and pk_set:
        return set(pk_set) if reverse else {instance.pk}
    if action == "pre_clear":
        columns = {field.attname for field in through._meta.fields if field.is_relation}
        [other] = columns - {side}
        rows = through.objects.using(using).filter(**{other if reverse else side: instance.pk})
        return set(rows.values_list(side, flat=True))
    return set()


def members(groups: set[int], using: str) -> set[int]:
    """The people in any of these groups."""
    if not groups:
        return set()
    return set(User.objects.using(using).filter(groups__in=groups).values_list("pk", flat=True))


def holders(right: Group | Permission, using: str) -> set[int]:
    """The people who have a group, or a permission in either of the ways to have one."""
    if isinstance(right, Group):
        return members({right.pk}, using)
    has = Q(user_permissions=right.pk) | Q(groups__permissions=right.pk)
    return set(User.objects.using(using).filter(has).values_list("pk", flat=True))
