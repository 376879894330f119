"""As startproject writes it, but for the hub and what the tests choose by variables.

STOCK_USER: the user model. STOCK_DATABASE: a path for SQLite, or DATABASE_URL. STOCK_OTHER: a path
for a second database, `other`. STOCK_APPS: more apps, separated by spaces. STOCK_NAIVE: local times
in New York, without time zones.
"""

import os
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "django-insecure-only-for-the-tests-of-this-project"
DEBUG = True
ALLOWED_HOSTS = []
AUTH_USER_MODEL = os.environ.get("STOCK_USER", "auth.User")

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "hub",
    "accounts",
    "desk",
    *os.environ.get("STOCK_APPS", "").split(),
]
MIDDLEWARE = [
    "hub.middleware.HubMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
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
ASGI_APPLICATION = "config.asgi.application"
LOGIN_URL = "admin:login"

if "DATABASE_URL" in os.environ:
    DATABASES = {"default": environ.Env().db("DATABASE_URL")}
else:
    _file = os.environ.get("STOCK_DATABASE", str(BASE_DIR / "db.sqlite3"))
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": _file,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL;",
            },
            "TEST": {"NAME": f"{_file}.test"},
        }
    }
if "STOCK_OTHER" in os.environ:
    DATABASES["other"] = {**DATABASES["default"], "NAME": os.environ["STOCK_OTHER"]}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LANGUAGE_CODE = "en-us"
USE_I18N = True
USE_TZ = "STOCK_NAIVE" not in os.environ
TIME_ZONE = "UTC" if USE_TZ else "America/New_York"
STATIC_URL = "static/"
MIGRATION_MODULES = {"accounts": None, "desk": None}

CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
HUB = {"SITE_URL": "http://stock.example"}
EMAIL_TIMEOUT = 10
