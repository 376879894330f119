"""System checks: what would break the hub's promises is said by `manage.py check`."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model

from hub.limits import load_limits
from hub.receivers import registered
from hub.saving import AtomicQuerySet, AtomicSave

ENGINES = ("django.db.backends.sqlite3", "django.db.backends.postgresql")


@checks.register("hub")
def check_senders(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Models whose receivers publish must save atomically."""
    found: list[checks.CheckMessage] = []
    for sender, name in dict.fromkeys(registered):
        model = apps.get_model(sender) if isinstance(sender, str) else sender
        if model._meta.auto_created or not issubclass(model, Model):
            continue  # m2m_changed of an automatic table: Django sends it inside a transaction.
        if not issubclass(model, AtomicSave):
            found.append(
                checks.Error(
                    f"{name} publishes when {model._meta.label} is saved, outside a transaction",
                    hint=f"class {model.__name__}(hub.AtomicSave, ...): ...",
                    obj=model,
                    id="hub.E001",
                )
            )
        elif not isinstance(model._default_manager.get_queryset(), AtomicQuerySet):
            found.append(
                checks.Error(
                    f"bulk writes to {model._meta.label} would not call {name}",
                    hint="objects = hub.AtomicQuerySet.as_manager()",
                    obj=model,
                    id="hub.E002",
                )
            )
    return found


@checks.register("hub")
def check_limits(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    try:
        load_limits()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), hint="see hub/limits.py for the names", id="hub.E003")]
    return []


@checks.register("hub")
def check_layer(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    layers = getattr(settings, "CHANNEL_LAYERS", {})
    backend = layers.get("default", {}).get("BACKEND")
    if backend is None:
        return [
            checks.Error(
                "CHANNEL_LAYERS has no 'default'",
                hint="{'default': {'BACKEND': 'channels.layers.InMemoryChannelLayer'}}",
                id="hub.E004",
            )
        ]
    if backend == "channels_redis.core.RedisChannelLayer":
        return [
            checks.Warning(
                "the core layer of channels_redis drops batches silently above its capacity",
                hint="use channels_redis.pubsub.RedisPubSubChannelLayer",
                id="hub.W001",
            )
        ]
    return []


@checks.register("hub")
def check_database(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    database = settings.DATABASES.get("default", {})
    engine, options = database.get("ENGINE"), database.get("OPTIONS", {})
    if engine not in ENGINES:
        found.append(
            checks.Error(
                f"the log needs SQLite or PostgreSQL, not {engine}",
                hint="its numbering uses UPDATE … FROM … RETURNING and row locks",
                id="hub.E005",
            )
        )
    elif engine == ENGINES[0] and options.get("transaction_mode") != "IMMEDIATE":
        found.append(
            checks.Warning(
                "SQLite's deferred transactions fail at once with 'database is locked'",
                hint="OPTIONS: {'transaction_mode': 'IMMEDIATE', 'timeout': 20, "
                "'init_command': 'PRAGMA journal_mode=WAL;'}",
                id="hub.W002",
            )
        )
    return found
