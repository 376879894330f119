"""Django's settings, read from the environment, with defaults for one machine.

Without DATABASE_URL everything runs embedded: SQLite, files in `var/`, a secret of its own.
"""

import datetime
from pathlib import Path
from typing import Any

import django
from csp.constants import NONE, SELF
from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured

from asgi import environment
from hub.concurrency.silence import NOTICE_SILENCE

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(environment.text("HUB_VAR", str(BASE_DIR / "var"))).resolve()

# Where and how it is served

DEBUG = environment.flag("DEBUG", False)
HOST = environment.text("HOST", "127.0.0.1")
PORT = environment.port("PORT", 8000)
ALLOWED_HOSTS = environment.names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS")
SITE_URL = environment.site_url("SITE_URL", environment.address_of(HOST, PORT))
ASGI_APPLICATION = "asgi.application.application"
ROOT_URLCONF = "asgi.urls"

# Database

environment.private_folder(VAR)  # accounts, sessions and emails lie in it
_postgres = environment.database("DATABASE_URL")
EMBEDDED = _postgres is None

if _postgres is None:
    DATABASES: dict[str, dict[str, Any]] = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": environment.private_file(VAR / "db.sqlite3"),
            "OPTIONS": {
                # A transaction takes the write lock when it begins. One that reads first and
                # writes later would otherwise fail at once instead of waiting.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,  # seconds
                "init_command": "PRAGMA journal_mode=WAL;",
            },
            # A file, because threads that share a database in memory do not wait for locks.
            "TEST": {"NAME": environment.text("TEST_DATABASE", str(VAR / "test.sqlite3"))},
        }
    }
else:
    _options = {
        **NOTICE_SILENCE,
        **_postgres.get("OPTIONS", {}),
        # Connections, and seconds: those that a request waits for one, and those after which the
        # pool begins anew to connect. Its pauses grow as long as an outage has lasted.
        "pool": {"min_size": 1, "max_size": 20, "timeout": 10, "reconnect_timeout": 5},
    }
    # The pool keeps the connections, so a request must give its own back: no CONN_MAX_AGE.
    # The health check finds connections that a restarted database server has dropped.
    DATABASES = {
        "default": {
            **_postgres,
            "ENGINE": "django.db.backends.postgresql",
            "CONN_MAX_AGE": 0,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": _options,
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SECRET_KEY = environment.secret("SECRET_KEY")
if not SECRET_KEY:
    if not EMBEDDED:
        raise ImproperlyConfigured(
            "SECRET_KEY: expected a long random text (DATABASE_URL is set, and all processes "
            "must share one secret), got nothing"
        )
    SECRET_KEY = environment.own_secret(VAR / "secret_key")
# Former secrets: what they signed stays valid while a new one is rolled out.
SECRET_KEY_FALLBACKS = environment.names("SECRET_KEY_FALLBACKS", "")

# Channel layer and hub

REDIS_URL = environment.redis_host("REDIS_URL")
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
if REDIS_URL:
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
HUB: dict[str, Any] = {
    "POLICY": "orders.topics.ShopPolicy",
    "BASE_TEMPLATE": "base.html",
    "SITE_NAME": "Kettle & Co",
    "METRICS_TOKEN": environment.text("METRICS_TOKEN"),
    "BODY": 1024 * 1024,  # bytes: no form of the shop is larger
}
# What tells other processes of events: unset, Redis, or without one the database.
if _hints := environment.text("HINTS"):
    HUB["HINTS"] = _hints
if _hints_url := environment.text("HINTS_URL"):  # of the database itself, behind a pooler
    HUB["HINTS_URL"] = _hints_url
HUB_BODIES = {"/admin/orders/product/": 32 * 1024 * 1024}  # bytes: several pictures at once
# In flight: each hashes a password, which takes a while on purpose.
HUB_POSTS = {"/accounts/": 40, "/account/": 40, "/admin/login/": 40}
TRUSTED_PROXIES = environment.names("TRUSTED_PROXIES", "")

# Applications

INSTALLED_APPS = [
    "daphne",  # first, because its runserver serves WebSockets
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "ninja",  # for the files of the API's description
    "servestatic",
    "hub",
    "orders",
    "frontend",
]
MIDDLEWARE = [
    "hub.middleware.HubMiddleware",  # first: it must not be newer than what a page queries
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "frontend.sessions.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "frontend.throttle.ThrottleMiddleware",
    "frontend.refusals.RefusalMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Users

AUTH_USER_MODEL = "orders.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "shop"
LOGOUT_REDIRECT_URL = "shop"
AUTHENTICATION_BACKENDS = [
    "orders.attempts.AttemptLimit",  # first: it refuses before a password is checked
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "orders.passwords.BoundedPasswordHasher",
    *global_settings.PASSWORD_HASHERS[1:],  # for hashes that are older
]
HASH_SLOTS = VAR / "hash-slots"  # what the processes of one machine share
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Security headers and cookies

_https = SITE_URL.startswith("https://")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _https
CSRF_FAILURE_VIEW = "frontend.views.errors.csrf_failure"
SECURE_HSTS_SECONDS = environment.count("SECURE_HSTS_SECONDS", 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = environment.flag("SECURE_HSTS_INCLUDE_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = environment.flag("SECURE_HSTS_PRELOAD", False)
SECURE_SSL_REDIRECT = environment.flag("SECURE_SSL_REDIRECT", False)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # load balancers ask over http
SECURE_PROXY_SSL_HEADER = environment.https_header("SECURE_PROXY_SSL_HEADER")
if SECURE_SSL_REDIRECT and not _https:
    raise environment.refuse("SECURE_SSL_REDIRECT", "an https SITE_URL beside it", SITE_URL)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "connect-src": [SELF],  # includes ws: and wss: of the same host
        "img-src": [SELF, "data:"],  # the admin's icons are data: URLs
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

# Files

STATIC_URL = "/static/"
# Files are found in the applications when the process starts, so there is no collectstatic step;
# only with DEBUG each request looks again.
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = DEBUG
SERVESTATIC_ALLOW_ALL_ORIGINS = False
MEDIA_URL = "/media/"
STORAGES = {
    "default": {"BACKEND": "asgi.storage.MediaStorage"},
    "staticfiles": {"BACKEND": "asgi.storage.StaticStorage"},
}
MEDIA_ROOT = Path(environment.text("MEDIA_ROOT", str(VAR / "media"))).resolve()

# Email

DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "shop@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# The timeout is in seconds; Django's own default is to wait forever.
_email = {"EMAIL_TIMEOUT": 10, **environment.email("EMAIL_URL", VAR / "mail")}
vars().update(_email if django.VERSION < (6, 1) else environment.mailers(_email))

# The shop

LOW_STOCK = 5  # pieces: staff get an event when the stock falls to this or below
VIEW_REPEAT = datetime.timedelta(
    minutes=30
)  # a visitor's views of a product within this time count once
VIEW_KEPT = datetime.timedelta(days=30)  # older views are removed; the products' counts stay

# Language and time

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}{of_request}", "style": "{"}
    },
    "filters": {
        "refused_requests": {"()": "asgi.logs.RefusedRequests"},
        "request_id": {"()": "hub.metrics.log_filter.RequestId"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["refused_requests", "request_id"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        # Django's own handlers of this logger print to the console only when DEBUG is on.
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        # Its warnings are visitors' mistakes: an unknown path, an order that was refused.
        "django.request": {"level": "ERROR"},
        # Embedded, what a command changes reaches open pages at their next load.
        "hub.serverless": {"level": "ERROR" if EMBEDDED else "WARNING"},
        # It logs a traceback per second while Redis is away; the hub logs one line.
        "channels_redis": {"level": "CRITICAL"},
    },
}
