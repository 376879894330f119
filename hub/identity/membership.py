"""Groups and permissions: the users whose rights change with them, and who are checked again.

The policy checks each of their topics. A gained right counts as well: a policy may refuse what a
group stands for.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from hub.publishing.revocation import revoke_many


def recheck_users(field: Any, **change: Any) -> None:
    """Users gain or lose groups or permissions: the arguments of `m2m_changed` of this field."""
    _recheck(_touched(field, **change))


def recheck_groups(field: Any, using: str, **change: Any) -> None:
    """Groups gain or lose permissions: the arguments of `m2m_changed` of this field."""
    groups = _touched(field, using=using, **change)
    if groups:
        _recheck(_users(using, Q(groups__in=groups)))


def recheck_holders(right: Group | Permission, using: str) -> None:
    """A group, or a permission in either of the ways to have one, is about to be deleted."""
    if isinstance(right, Group):
        _recheck(_users(using, Q(groups=right.pk)))
    else:
        _recheck(_users(using, Q(user_permissions=right.pk) | Q(groups__permissions=right.pk)))


def _touched(
    field: Any,
    sender: Any,
    instance: Any,
    action: str,
    reverse: bool,
    pk_set: set[Any] | None,
    using: str,
    **rest: Any,
) -> set[Any]:
    """The keys of the model that declares the field.

    A clear names no keys, so they are read before it happens; after every other change they are
    known.
    """
    if action in ("post_add", "post_remove") and pk_set:
        return set(pk_set) if reverse else {instance.pk}
    if action == "pre_clear":
        own, other = field.m2m_field_name(), field.m2m_reverse_field_name()
        rows = sender._base_manager.using(using).filter(**{other if reverse else own: instance})
        return set(rows.values_list(own, flat=True))
    return set()


def _users(using: str, condition: Q) -> Iterable[Any]:
    users = get_user_model()._base_manager.using(using).filter(condition)
    return users.values_list("pk", flat=True)


def _recheck(users: Iterable[Any]) -> None:
    if found := sorted(set(users)):
        revoke_many(found, "permissions")
