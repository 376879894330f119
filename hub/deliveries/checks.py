"""System checks of what emails need."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch

from hub.deliveries.means import load_means
from hub.deliveries.site import configured_url
from hub.deliveries.unsubscribing import ROUTE, unsubscribe_path
from hub.events import declared_types

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@checks.register("hub")
def check_means(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    try:
        load_means()
    except ImproperlyConfigured as error:
        hint = "dotted paths of subclasses of hub.deliveries.Means"
        return [checks.Error(str(error), hint=hint, id="hub.E010")]
    return []


@checks.register("hub")
def check_timeout(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    if not any(kind.mail for kind in declared_types()):
        return []
    mailers = getattr(settings, "MAILERS", None)
    if mailers is not None:  # since Django 6.1, where it excludes EMAIL_*
        mailer = mailers.get("default", {"BACKEND": ""})  # without one nothing is sent
        backend = mailer.get("BACKEND", SMTP)
        timeout = mailer.get("OPTIONS", {}).get("timeout")
        hint = 'MAILERS = {"default": {…, "OPTIONS": {…, "timeout": 10}}}'
    else:
        backend, timeout = settings.EMAIL_BACKEND, settings.EMAIL_TIMEOUT
        hint = "EMAIL_TIMEOUT = 10"
    if backend != SMTP or timeout is not None:
        return []
    return [
        checks.Warning(
            "a mail server that stops answering would hold up all emails forever",
            hint=hint,
            id="hub.W010",
        )
    ]


@checks.register("hub")
def check_site_url(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    has_site = configured_url() or apps.is_installed("django.contrib.sites")
    if has_site or not any(kind.mail for kind in declared_types()):
        return []
    return [
        checks.Error(
            "emails need the site's address for their links",
            hint='HUB = {"SITE_URL": "https://example.com"}',
            id="hub.E013",
        )
    ]


@checks.register("hub")
def check_unsubscribe(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    try:
        unsubscribe_path("1", "some.type")
    except NoReverseMatch:
        return [
            checks.Error(
                "emails link to a page that switches them off, but no URL leads to it",
                hint="path('hub/', include('hub.urls')), or a page of your own: "
                "path('unsubscribe/<str:token>/', "
                f"hub.deliveries.views.Unsubscribe.as_view(), name={ROUTE!r})",
                id="hub.E011",
            )
        ]
    return []
