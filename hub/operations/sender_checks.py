"""System checks of the models whose receivers publish: is every write a part of its event?"""

import sys
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core import checks
from django.db import router
from django.db.models import Model, QuerySet

from hub.models import Event
from hub.operations.project_files import is_installed
from hub.publishing.atomic import AtomicQuerySet, is_atomic
from hub.publishing.receiver import listeners, registered


@checks.register("hub")
def check_senders(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """A model whose receivers publish must save atomically."""
    found: list[checks.CheckMessage] = []
    for sender, name in dict.fromkeys(registered):
        if name.startswith("hub."):
            continue  # a lost right that is missed is found by the check once a minute
        model = apps.get_model(sender) if isinstance(sender, str) else sender
        if router.db_for_write(model) != router.db_for_write(Event):
            found.append(_separate_databases(model, name))
        elif not is_atomic(model):
            found.append(_separate_transactions(model, name))
        elif unsafe := _unsafe_managers(model):
            found.append(
                checks.Error(
                    f"bulk writes to {model._meta.label} through {', '.join(unsafe)} would not "
                    f"call {name}",
                    hint=_hint_of_managers(model),
                    obj=model,
                    id="hub.E002",
                )
            )
    return found


def _separate_transactions(model: type[Model], receiver: str) -> checks.CheckMessage:
    """A crash between two commits loses the event; of somebody else's model that is a choice."""
    text = f"{receiver} publishes when {model._meta.label} is saved, in a transaction of its own"
    if _is_the_projects(model):
        hint = f"class {model.__name__}(hub.AtomicSave, ...): ..."
        return checks.Error(text, hint=hint, obj=model, id="hub.E001")
    hint = f"hub.atomic({model.__name__}) in AppConfig.ready() makes it one with the change"
    return checks.Warning(text, hint=hint, obj=model, id="hub.E001")


def _separate_databases(model: type[Model], receiver: str) -> checks.CheckMessage:
    text = (
        f"{receiver} publishes when {model._meta.label} is saved, which is in the database "
        f"{router.db_for_write(model)!r}; the hub's log is in {router.db_for_write(Event)!r}, and "
        "no transaction covers both"
    )
    hint = "route both to one database (DATABASE_ROUTERS)"
    return checks.Error(text, hint=hint, obj=model, id="hub.E014")


def _is_the_projects(model: type[Model]) -> bool:
    """Whether the project can change the class: it is not installed as a package."""
    file = getattr(sys.modules.get(model.__module__), "__file__", None) or ""
    return not is_installed(Path(file))


def _hint_of_managers(model: type[Model]) -> str:
    """How to mend the managers and keep the methods that they have."""
    rows = type(model._default_manager.get_queryset())
    if not _is_the_projects(model):
        return f"hub.atomic({model.__name__}) cannot change a manager that makes its own query sets"
    if rows is QuerySet:
        return (
            "objects = hub.AtomicQuerySet.as_manager(), hub.AtomicSave as the first base class, "
            "and a base_manager_name that hides no rows"
        )
    return (
        f"class {rows.__name__}(hub.AtomicQuerySet): ... with its methods, in each manager "
        "(Manager.from_queryset), hub.AtomicSave as the first base class, and a base_manager_name "
        "that hides no rows"
    )


def _unsafe_managers(model: type[Model]) -> list[str]:
    """The names of the managers whose bulk writes miss signals.

    Django's own writes go through the base manager, which must not hide rows.
    """
    base = model._base_manager
    managers = [*model._meta.managers, model._default_manager, base]
    unsafe = {one.name for one in managers if not isinstance(one.get_queryset(), AtomicQuerySet)}
    if base.get_queryset().query.where:
        unsafe.add(base.name)
    return sorted(unsafe)


@checks.register("hub")
def check_deletions_by_the_database(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """What the database deletes or changes by itself sends no signal (since Django 6.1)."""
    found: list[checks.CheckMessage] = []
    for model, names in listeners().items():
        for field in model._meta.concrete_fields:
            on_delete = getattr(field.remote_field, "on_delete", None)
            if not hasattr(on_delete, "on_delete_sql"):
                continue
            told = ", ".join(sorted(names))
            found.append(
                checks.Warning(
                    f"{field} is {on_delete}: the database changes the row by itself, and {told} "
                    "is not called",
                    hint=f"on_delete=models.{str(on_delete).removeprefix('DB_')}",
                    obj=model,
                    id="hub.W006",
                )
            )
    return found
