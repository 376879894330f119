"""As startproject writes it, with the hub, its API, and what the tests of the hub need."""

import os
import tempfile
from pathlib import Path

import django
import environ

VAR = Path(os.environ.get("HUB_VAR") or tempfile.mkdtemp("-hub-tests"))
SECRET_KEY = "only for the tests of the hub, in a project without a shop"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "ninja",
    "hub",
]
MIDDLEWARE = [
    "hub.middleware.HubMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
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
            ]
        },
    }
]
ROOT_URLCONF = "tests.hub.project.urls"
ASGI_APPLICATION = "tests.hub.project.application.application"
LOGIN_URL = "admin:login"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
if "DATABASE_URL" in os.environ:
    DATABASES = {"default": environ.Env().db("DATABASE_URL")}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": VAR / "db.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL;",
            },
            "TEST": {"NAME": VAR / "test.sqlite3"},
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
STATIC_URL = "/static/"
SILENCED_SYSTEM_CHECKS = ["mail.E001"]  # under test, Django itself sends emails into memory
HUB: dict[str, object] = {}
SITE_URL = "http://127.0.0.1:8000"
DEFAULT_FROM_EMAIL = "site@localhost"
if django.VERSION < (6, 1):
    EMAIL_TIMEOUT = 10
else:
    _smtp = "django.core.mail.backends.smtp.EmailBackend"
    MAILERS = {"default": {"BACKEND": _smtp, "OPTIONS": {"timeout": 10}}}
