"""People of the scenarios, and what happens to them, through the shop's own models."""

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group, Permission
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Func, TextField, Value
from django.utils import timezone

from hub.testing import ticket_for
from orders.models import Inventory, Product, User
from tests.stress.facts.models import Fact
from tests.stress.policy import BARRED, PERMISSION

# What happens to the groups and permissions of a person, who may have a group alone: nothing but
# these calls, as an admin or a view makes them. All but the first take what PERMISSION gives.
RIGHTS: dict[str, Callable[[User], object]] = {
    "permission": lambda user: user.user_permissions.add(_right(PERMISSION)),
    "no_permission": lambda user: user.user_permissions.remove(_right(PERMISSION)),
    "permissions_cleared": lambda user: user.user_permissions.clear(),
    "barred": lambda user: user.user_permissions.add(_right(BARRED)),
    "no_group": lambda user: user.groups.remove(_own_group(user)),
    "groups_cleared": lambda user: user.groups.clear(),
    "group_left": lambda user: _own_group(user).user_set.remove(user),
    "group_barred": lambda user: _own_group(user).permissions.add(_right(BARRED)),
    "group_without": lambda user: _own_group(user).permissions.remove(_right(PERMISSION)),
    "group_cleared": lambda user: _own_group(user).permissions.clear(),
    "group_deleted": lambda user: _own_group(user).delete(),
    "barred_group": lambda user: user.groups.add(_group("barred", BARRED)),
}


def make(prefix: str, count: int, staff: bool = False) -> list[dict[str, Any]]:
    """New people, each with a session and a ticket that does not end with it."""
    return [_make(f"{prefix}-{number}", staff) for number in range(count)]


def _make(name: str, staff: bool) -> dict[str, Any]:
    user = User(username=name, email=f"{name}@example.com", is_staff=staff)
    user.set_password("demo")
    user.save()
    return {"pk": user.pk, "cookie": _session_of(user), "ticket": ticket_for(user)}


def _session_of(user: User) -> str:
    """A Cookie header."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


class _Request:
    def __init__(self, cookie: str) -> None:
        store = import_module(settings.SESSION_ENGINE).SessionStore
        self.session = store(session_key=cookie.partition("=")[2])


def change(pk: int, what: str, cookie: str = "") -> float:
    """Something happens to a person; the wall clock when it was committed."""
    user = User.objects.get(pk=pk)
    if what == "logout":
        request = _Request(cookie)
        user_logged_out.send(sender=User, request=request, user=user)
        request.session.flush()
    elif what == "password":
        user.set_password("another")
        user.save()
    elif what == "deactivated":
        user.is_active = False
        user.save()
    elif what == "deleted":
        user.delete()
    elif what in ("staff", "no_staff"):
        user.is_staff = what == "staff"
        user.save()
    elif what in RIGHTS:
        RIGHTS[what](user)
    else:
        raise ValueError(what)
    return time.time()


def cast(parts: dict[str, list[str]]) -> None:
    """Give each person (by key) the state that the list names; nothing else stays."""
    for pk, has in parts.items():
        user = User.objects.get(pk=pk)
        user.is_active, user.is_staff = "inactive" not in has, "staff" in has
        user.save()
        user.user_permissions.set([_right(PERMISSION)] if "permission" in has else [])
        user.groups.set([_own_group(user)] if "group" in has else [])


def sign_in(ends: dict[str, str]) -> dict[str, dict[str, str]]:
    """For each person (by key) a new session, and a ticket if active.

    The value says how the session ends at once: "logged out", "expired", or "": it stays.
    """
    return {pk: _sign_in(User.objects.get(pk=pk), end) for pk, end in ends.items()}


def _sign_in(user: User, end: str) -> dict[str, str]:
    cookie = _session_of(user)
    if end == "logged out":
        change(user.pk, "logout", cookie)
    elif end == "expired":
        key = cookie.partition("=")[2]
        Session.objects.filter(session_key=key).update(expire_date=timezone.now())
    return {"cookie": cookie, "ticket": ticket_for(user) if user.is_active else ""}


def _right(name: str) -> Permission:
    label, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=label, codename=codename)


def _own_group(user: User) -> Group:
    return _group(user.username, PERMISSION)


def _group(name: str, holds: str) -> Group:
    group, is_new = Group.objects.get_or_create(name=name)
    if is_new:
        group.permissions.add(_right(holds))
    return group


def state_facts(topics: list[str], prefix: str) -> None:
    """One fact on each topic, in one transaction."""
    with transaction.atomic():
        for index, topic in enumerate(topics):
            Fact(key=f"{prefix}-{index}", topic=topic).save()


def make_product(slug: str, pieces: int) -> int:
    product = Product.objects.create(name=slug, slug=slug, price="10.00")
    Inventory.objects.create(product=product, item_code=slug, quantity=pieces)
    return int(product.pk)


def delete_product(pk: int) -> float:
    """Seconds that it takes."""
    begun = time.monotonic()
    Product.objects.get(pk=pk).delete()
    return time.monotonic() - begun


def query(seconds: float) -> None:
    """A query that takes so long."""
    slow = Func(Value(seconds), function="pg_sleep", output_field=TextField())
    list(User.objects.annotate(slow=slow).values_list("slow")[:1])
    connection.close()
