"""The doctor's examinations of what an attacker could use: secrets, passwords, Redis, Python."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password

from hub.operations.finding import Finding, Verdict
from hub.operations.local_site import is_local_site, is_loopback
from hub.operations.weak_secret import MIN_SECRET, can_be_guessed
from hub.runtime import python_version

DEMO_PASSWORD = "demo"
MAX_ACCOUNTS = 20  # whose passwords are checked, which takes a third of a second each


def secret() -> Iterator[Finding]:
    """Whether SECRET_KEY and its fallbacks can be guessed."""
    if settings.DEBUG:
        return
    weak = [name for name, value in _secrets() if can_be_guessed(value)]
    if not weak:
        yield Finding("secret", "ok", f"{MIN_SECRET} characters or more")
        return
    yield Finding(
        "secret",
        "failure",
        f"{', '.join(weak)} can be guessed: with it anybody signs sessions and tickets",
        f"{MIN_SECRET} random characters or more: python -c "
        "'import secrets; print(secrets.token_urlsafe(48))'",
    )


def _secrets() -> Iterator[tuple[str, Any]]:
    yield "SECRET_KEY", settings.SECRET_KEY
    for number, value in enumerate(settings.SECRET_KEY_FALLBACKS):
        yield f"SECRET_KEY_FALLBACKS[{number}]", value


def accounts() -> Iterator[Finding]:
    """Whether somebody can log in with the demo's password: staff first, then the oldest."""
    model = get_user_model()
    fields = {field.name for field in model._meta.get_fields()}
    rank = [f"-{name}" for name in ("is_superuser", "is_staff") if name in fields]
    rows = model._default_manager.order_by(*rank, "pk")
    if "is_active" in fields:
        rows = rows.filter(is_active=True)
    users: list[Any] = list(rows[:MAX_ACCOUNTS])
    # Not user.check_password(), which saves the user where the hash is an old one.
    found = [one.get_username() for one in users if check_password(DEMO_PASSWORD, one.password)]
    if not found:
        yield Finding("accounts", "ok", f"none has the password {DEMO_PASSWORD!r}")
        return
    # A demo on this machine is for trying it out.
    verdict: Verdict = "warning" if is_local_site(getattr(settings, "SITE_URL", "")) else "failure"
    text = f"{', '.join(found)}: the password is {DEMO_PASSWORD!r}"
    yield Finding("accounts", verdict, text, "manage.py changepassword, or delete the account")


def redis() -> Iterator[Finding]:
    """Whether Redis, whose contents reach browsers, can be written by the whole network."""
    layer = settings.CHANNEL_LAYERS.get("default", {})
    hosts = layer.get("CONFIG", {}).get("hosts", [])
    for host in [hosts] if isinstance(hosts, str) else hosts:
        address = host.get("address", "") if isinstance(host, dict) else host
        if isinstance(address, (tuple, list)):  # (host, port): no password
            address = f"redis://{address[0]}"
        parts = urlsplit(str(address))
        is_open = parts.scheme in ("redis", "rediss") and not parts.password
        if is_open and not is_loopback(parts.hostname or ""):
            yield Finding(
                "redis",
                "warning",
                f"{parts.hostname} is another machine, and its URL has no password",
                "require a password, and TLS where the network is not yours: rediss://:…@host",
            )


def python() -> Iterator[Finding]:
    """Whether this interpreter has a known weakness."""
    found = python_version.weakness()
    if found:
        yield Finding("python", "warning", found)
