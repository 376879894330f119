"""The address of the site's WebSocket, for commands."""

from django.conf import settings


def socket_url() -> str:
    """The socket's address, from SITE_URL."""
    site: str = getattr(settings, "SITE_URL", "http://127.0.0.1:8000")
    return "ws" + site.removeprefix("http").rstrip("/") + "/ws/"
