"""The address and the name of the site, for emails."""

from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from hub.limits import other_setting


def site_url() -> str:
    """The site's address without a slash at the end, such as "https://example.com".

    It is `HUB["SITE_URL"]`, else `SITE_URL`, else the current site of `django.contrib.sites`.
    Raises ImproperlyConfigured if there is none of them.
    """
    if configured := configured_url():
        return configured
    if not apps.is_installed("django.contrib.sites"):
        raise ImproperlyConfigured('emails need the site\'s address: set HUB["SITE_URL"]')
    from django.contrib.sites.models import Site

    return f"https://{Site.objects.get_current().domain}"


def site_name() -> str:
    """What emails call the site: `HUB["SITE_NAME"]`, else its host."""
    return str(other_setting("SITE_NAME", "")) or urlsplit(site_url()).netloc


def configured_url() -> str:
    """The address in the settings; empty if there is none."""
    url = other_setting("SITE_URL", getattr(settings, "SITE_URL", ""))
    return url.rstrip("/")
