"""System checks: `manage.py check` reports what would break a promise of the hub."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import router
from django.db.models import Model, QuerySet
from django.db.utils import load_backend
from django.utils.module_loading import import_string

from hub.broadcast.layer import MAX_BYTES
from hub.limits import contradictions, load_limits
from hub.models import Event
from hub.policy import current_policy
from hub.publishing.atomic import AtomicQuerySet, is_atomic
from hub.publishing.receiver import listeners, registered
from hub.sockets.origin import is_own_origin

MIDDLEWARE = "hub.middleware.HubMiddleware"
POSITION_MIDDLEWARE = "hub.pages.PagePositionMiddleware"
ROUTE_MIDDLEWARE = "hub.metrics.middleware.RouteMiddleware"
SESSION_MIDDLEWARE = "django.contrib.sessions.middleware.SessionMiddleware"


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
    file = Path(getattr(sys.modules.get(model.__module__), "__file__", None) or "")
    return not {"site-packages", "dist-packages"} & set(file.parts)


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


@checks.register("hub")
def check_limits(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    try:
        limits = load_limits()
    except ImproperlyConfigured as error:
        hint = "hub/limits.py has the names and units"
        return [checks.Error(str(error), hint=hint, id="hub.E003")]
    wrong = contradictions(limits)
    if limits.frame_out > MAX_BYTES:
        wrong.append(f"FRAME_OUT ({limits.frame_out}) is above {MAX_BYTES}, a whole batch")
    hint = "change one of the two in settings.HUB"
    return [checks.Error(f"settings.HUB: {text}", hint=hint, id="hub.E006") for text in wrong]


@checks.register("hub")
def check_policy(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    try:
        current_policy()
    except ImproperlyConfigured as error:
        hint = "HUB = {'POLICY': 'yourapp.topics.YourPolicy'}"
        return [checks.Error(str(error), hint=hint, id="hub.E012")]
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


def _vendor_of(engine: str) -> str:
    """What an engine talks to: packages wrap Django's engines under paths of their own."""
    try:
        return str(load_backend(engine).DatabaseWrapper.vendor)
    except Exception:  # whatever the package raises: Django says it as well
        return ""


@checks.register("hub")
def check_database(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    database = settings.DATABASES.get("default", {})
    engine, options = database.get("ENGINE", ""), database.get("OPTIONS", {})
    vendor = _vendor_of(engine)
    if vendor not in ("sqlite", "postgresql"):
        found.append(
            checks.Error(
                f"the log needs SQLite or PostgreSQL, not {engine}",
                hint="its numbering uses UPDATE … FROM … RETURNING and row locks",
                id="hub.E005",
            )
        )
    elif (
        vendor == "sqlite"
        and options.get("transaction_mode") != "IMMEDIATE"
        and not settings.DEBUG  # one developer seldom writes twice at the same moment
    ):
        found.append(
            checks.Warning(
                "SQLite's deferred transactions fail at once with 'database is locked'",
                hint="OPTIONS: {'transaction_mode': 'IMMEDIATE', 'timeout': 20, "
                "'init_command': 'PRAGMA journal_mode=WAL;'}",
                id="hub.W002",
            )
        )
    return found


@checks.register("hub")
def check_replicas(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """The tables by which the hub decides must be read where they are written."""
    models = [*apps.get_app_config("hub").get_models(), get_user_model()]
    elsewhere = [
        model._meta.label
        for model in models
        if router.db_for_read(model) != router.db_for_write(model)
    ]
    if not elsewhere:
        return []
    return [
        checks.Warning(
            f"DATABASE_ROUTERS reads {', '.join(elsewhere)} where it does not write them: a "
            "replica that lags still has rights that were lost and lacks new subscriptions",
            hint="let db_for_read return the database of db_for_write for these models",
            id="hub.W003",
        )
    ]


@checks.register("hub")
def check_origin(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Behind a proxy that ends TLS, a browser's Origin is https but the server sees http."""
    site = urlsplit(getattr(settings, "SITE_URL", ""))
    host = site.netloc.rpartition("@")[2].lower().removesuffix(":443")  # as browsers write it
    origin = f"https://{host}"
    headers = [(b"origin", origin.encode()), (b"host", host.encode())]
    if site.scheme != "https" or is_own_origin({"scheme": "ws", "headers": headers}):
        return []
    return [
        checks.Warning(
            f"CSRF_TRUSTED_ORIGINS lacks {origin}, the site's own: behind a proxy that ends TLS "
            "every browser's socket is closed with 4503 and does not reconnect",
            hint=f"CSRF_TRUSTED_ORIGINS = [{origin!r}]",
            id="hub.W004",
        )
    ]


@checks.register("hub")
def check_sessions(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """A log-out must end the session for copies of its cookie, too."""
    name = "django.contrib.sessions.backends.signed_cookies"
    store = import_module(settings.SESSION_ENGINE).SessionStore
    if not issubclass(store, import_module(name).SessionStore):
        return []
    return [
        checks.Error(
            "sessions in signed cookies cannot be ended: after a log-out the old cookie still "
            "opens a socket as that user",
            hint="SESSION_ENGINE = 'django.contrib.sessions.backends.db'",
            id="hub.E007",
        )
    ]


@checks.register("hub")
def check_middleware(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """A page's position must be read before its queries and before the session."""
    position, session = index_of(POSITION_MIDDLEWARE), index_of(SESSION_MIDDLEWARE)
    if position is None:
        text = "not in MIDDLEWARE: a change that commits between a page and its socket is lost, "
        text += "and no ticket can be issued"
    elif session is not None and session < position:
        text = "after the sessions: a ticket would miss a right that is lost in between"
    else:
        return []
    hint = f"MIDDLEWARE: {MIDDLEWARE!r} first, at least before {SESSION_MIDDLEWARE!r}"
    return [checks.Error(f"{MIDDLEWARE} is {text}", hint=hint, id="hub.E008")]


@checks.register("hub")
def check_middleware_twice(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    if MIDDLEWARE not in settings.MIDDLEWARE:
        return []
    return [
        checks.Warning(
            f"{MIDDLEWARE} does the work of {path} already",
            hint=f"take {path!r} out of MIDDLEWARE",
            id="hub.W005",
        )
        for path in (POSITION_MIDDLEWARE, ROUTE_MIDDLEWARE)
        if path in settings.MIDDLEWARE
    ]


def index_of(name: str) -> int | None:
    """The index of this middleware, or of a subclass, in MIDDLEWARE; None without one."""
    wanted = import_string(name)
    for index, path in enumerate(settings.MIDDLEWARE):
        found = import_string(path)
        if isinstance(found, type) and issubclass(found, wanted):
            return index
    return None
