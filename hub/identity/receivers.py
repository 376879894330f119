"""Connects the rights of users to what the project does with their accounts, of any user model.

Each receiver has a `dispatch_uid`, by which a project can turn it off.
"""

from typing import Any

from django import dispatch
from django.conf import settings
from django.contrib.auth import get_user_model, user_logged_in
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.core.exceptions import FieldDoesNotExist
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from hub.identity import account, membership, session_owners
from hub.publishing.origin import name_session
from hub.publishing.receiver import receiver

User = settings.AUTH_USER_MODEL


# What the user loses comes after what the project tells of the same change: see `receiver`.


@receiver(pre_save, sender=User, dispatch_uid="hub.remember_user")
def remember_user(sender: Any, instance: Any, using: str, **save: Any) -> None:
    account.remember_row(instance, using, save["update_fields"])


@receiver(post_save, sender=User, dispatch_uid="hub.revoke_lost_rights", last=True)
def revoke_lost_rights(sender: Any, instance: Any, created: bool, using: str, **save: Any) -> None:
    if not created:
        account.revoke_lost(instance, using, save["update_fields"])


@receiver(pre_delete, sender=User, dispatch_uid="hub.end_sessions")
def end_sessions(sender: Any, instance: Any, using: str, **kwargs: Any) -> None:
    account.remember_existence(instance, using)
    session_owners.forget_sessions(instance, using)


@receiver(post_delete, sender=User, dispatch_uid="hub.revoke_deleted_user", last=True)
def revoke_deleted_user(sender: Any, instance: Any, **kwargs: Any) -> None:
    account.revoke_account(instance)


@dispatch.receiver(user_logged_in, dispatch_uid="hub.name_session")
def name_new_session(sender: Any, request: Any, **kwargs: Any) -> None:
    name_session(request)


# Not `hub.receiver`, which would ask for an atomic `save()`: saving a session publishes nothing,
# and Django deletes in a transaction.
@dispatch.receiver(post_save, sender=Session, dispatch_uid="hub.remember_session")
def remember_session(sender: Any, instance: Session, raw: bool, using: str, **kwargs: Any) -> None:
    if not raw:
        session_owners.remember_owner(instance, using)


@dispatch.receiver(pre_delete, sender=Session, dispatch_uid="hub.revoke_session")
def revoke_session(sender: Any, instance: Session, using: str, **kwargs: Any) -> None:
    # However it ends: a log-in as somebody else replaces a session without announcing a log-out.
    session_owners.revoke_session(instance, using)


@dispatch.receiver(pre_delete, sender=Group, dispatch_uid="hub.recheck_members")
@dispatch.receiver(pre_delete, sender=Permission, dispatch_uid="hub.recheck_holders")
def recheck_holders(sender: Any, instance: Any, using: str, **kwargs: Any) -> None:
    membership.recheck_holders(instance, using)


def _connect(model: Any, name: str, check: Any, uid: str) -> None:
    """Check users again when this many-to-many field changes, if the model has it."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return

    # Django changes the table in a transaction, too.
    @dispatch.receiver(m2m_changed, sender=field.remote_field.through, weak=False, dispatch_uid=uid)
    def recheck(sender: Any, **change: Any) -> None:
        check(field, sender=sender, **change)


_user = get_user_model()
_connect(_user, "groups", membership.recheck_users, "hub.recheck_grouped_users")
_connect(_user, "user_permissions", membership.recheck_users, "hub.recheck_permitted_users")
_connect(Group, "permissions", membership.recheck_groups, "hub.recheck_groups")
