"""System checks: `manage.py check` reports what would break a promise of the hub."""

from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import router
from django.db.utils import load_backend
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve
from django.utils.module_loading import import_string

from hub.broadcast.hints import chosen
from hub.broadcast.layer import MAX_BYTES
from hub.broadcast.notify import direct_address
from hub.limits import contradictions, load_limits, other_setting
from hub.pages.frame import path_of
from hub.policy import current_policy
from hub.sockets.origin import is_own_origin

MIDDLEWARE = "hub.middleware.HubMiddleware"
POSITION_MIDDLEWARE = "hub.pages.PagePositionMiddleware"
ROUTE_MIDDLEWARE = "hub.metrics.middleware.RouteMiddleware"
SESSION_MIDDLEWARE = "django.contrib.sessions.middleware.SessionMiddleware"


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
    if backend is None and other_setting("HINTS", "") != "postgres":
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
def check_hints(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    try:
        chosen()
        direct_address()
    except ImproperlyConfigured as error:
        hint = "HUB = {'HINTS': 'postgres', 'HINTS_URL': 'postgresql://…'}, or leave both out"
        return [checks.Error(str(error), hint=hint, id="hub.E016")]
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


@checks.register("hub")
def check_login(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """The hub's pages send visitors to the log-in, which `startproject` does not make."""
    if not path_of("hub:inbox") or _leads_somewhere(settings.LOGIN_URL):
        return []
    return [
        checks.Warning(
            f"LOGIN_URL is {str(settings.LOGIN_URL)!r}, where no page is: visitors of the hub's "
            "pages are sent there",
            hint="LOGIN_URL = 'admin:login', or the name of a log-in page of your own",
            id="hub.W008",
        )
    ]


def _leads_somewhere(url: Any) -> bool:
    """Whether the site has a page there, or another site may have one."""
    try:
        path = resolve_url(url)
    except NoReverseMatch:
        return False
    if urlsplit(path).netloc:
        return True
    try:
        resolve("/" + urlsplit(path).path.removeprefix(get_script_prefix()))
    except Resolver404:
        return False
    return True


def index_of(name: str) -> int | None:
    """The index of this middleware, or of a subclass, in MIDDLEWARE; None without one."""
    wanted = import_string(name)
    for index, path in enumerate(settings.MIDDLEWARE):
        found = import_string(path)
        if isinstance(found, type) and issubclass(found, wanted):
            return index
    return None
