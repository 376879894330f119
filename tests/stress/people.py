"""People of the scenarios, and what happens to them, through the shop's own models."""

import time
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Permission
from django.contrib.auth.signals import user_logged_out
from django.db import connection, transaction
from django.db.models import Func, TextField, Value

from hub import revoke
from hub.testing import ticket_for
from orders.models import Inventory, Product, User
from tests.stress.facts.models import Fact
from tests.stress.policy import PERMISSION


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
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
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
    elif what == "activated":
        user.is_active = True
        user.save()
    elif what == "deleted":
        user.delete()
    elif what in ("staff", "no_staff"):
        user.is_staff = what == "staff"
        user.save()
    elif what in ("permission", "no_permission"):
        _permit(user, what == "permission")
    else:
        raise ValueError(what)
    return time.time()


def cast(parts: dict[str, list[str]]) -> None:
    """Give each person (by key) the state that the list names; nothing else stays."""
    for pk, has in parts.items():
        user = User.objects.get(pk=pk)
        user.is_active, user.is_staff = "inactive" not in has, "staff" in has
        user.save()
        _permit(user, "permission" in has)


def _permit(user: User, on: bool) -> None:
    label, codename = PERMISSION.split(".")
    permission = Permission.objects.get(content_type__app_label=label, codename=codename)
    with transaction.atomic():
        (user.user_permissions.add if on else user.user_permissions.remove)(permission)
        if not on:
            revoke(user.pk, "permissions")


def state_facts(topics: list[str], prefix: str) -> None:
    """One fact on each topic, in one transaction."""
    with transaction.atomic():
        for index, topic in enumerate(topics):
            Fact(key=f"{prefix}-{index}", topic=topic).save()


def make_product(slug: str, pieces: int) -> int:
    product = Product.objects.create(name=slug, slug=slug, price="10.00")
    Inventory.objects.create(product=product, item_code=slug, quantity=pieces)
    return int(product.pk)


def query(seconds: float) -> None:
    """A query that takes so long."""
    slow = Func(Value(seconds), function="pg_sleep", output_field=TextField())
    list(User.objects.annotate(slow=slow).values_list("slow")[:1])
    connection.close()
