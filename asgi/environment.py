"""Reads the environment. An invalid value is refused with its name and what was expected."""

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from hub.operations import GENERATED, MIN_SECRET

env = environ.Env()

_YES = ("1", "true", "yes", "on")
_NO = ("0", "false", "no", "off", "")


def refuse(name: str, expected: str, came: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name}: expected {expected}, got {came}")


def text(name: str, default: str = "") -> str:
    """The variable without surrounding blanks; the default if it is unset or empty."""
    return env.str(name, default="").strip() or default


def flag(name: str, default: bool) -> bool:
    value = text(name, "1" if default else "0").lower()
    if value in _YES:
        return True
    if value in _NO:
        return False
    raise refuse(name, "1 or 0", repr(value))


def port(name: str, default: int) -> int:
    value = text(name, str(default))
    if value.isascii() and value.isdigit() and len(value) < 6 and 0 < int(value) < 65536:
        return int(value)
    raise refuse(name, "a port number from 1 to 65535", repr(value))


def count(name: str, default: int) -> int:
    value = text(name, str(default))
    if value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    raise refuse(name, "a whole number, 0 or more", repr(value))


def https_header(name: str) -> tuple[str, str] | None:
    """The header with which a proxy says that a request came over https, as Django names it."""
    value = text(name)
    if not value:
        return None
    if not value.replace("-", "").isalnum() or not value.isascii():
        raise refuse(name, "the name of a header, such as X-Forwarded-Proto", repr(value))
    return f"HTTP_{value.upper().replace('-', '_')}", "https"


def names(name: str, default: str) -> list[str]:
    """The items of a list separated by commas."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def origins(name: str) -> list[str]:
    found = names(name, "")
    for one in found:
        parts = urlsplit(one)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path:
            raise refuse(
                name, "origins such as https://shop.example, separated by commas", repr(one)
            )
    return found


def reachable(host: str) -> str:
    """The host at which a client on this machine reaches a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def address_of(host: str, port: int) -> str:
    """The http URL of a server that listens on this host and port."""
    host = reachable(host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def site_url(name: str, default: str) -> str:
    value = text(name, default)
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise refuse(name, "an address such as https://shop.example", repr(value))
    return value.rstrip("/")


def database(name: str) -> dict[str, Any] | None:
    """The settings of a PostgreSQL database, or None if the variable is unset.

    An error shows only the scheme, because the rest may contain a password.
    """
    value = text(name)
    if not value:
        return None
    expected = "postgresql://user:password@host:5432/name"
    scheme = value.partition("://")[0] if "://" in value else "no scheme"
    if scheme not in ("postgres", "postgresql"):
        raise refuse(name, expected, f"{scheme} (SQLite is used when it is unset)")
    try:
        found: dict[str, Any] = env.db_url_config(value)
    except (ValueError, ImproperlyConfigured) as error:
        raise refuse(name, expected, "a URL that cannot be parsed") from error
    if not found.get("NAME"):
        raise refuse(name, expected, "a URL without a database name")
    return found


def redis_host(name: str) -> str | dict[str, Any]:
    """What channels_redis takes for a host: a URL, or where Sentinels know of one. Empty: none."""
    value = text(name)
    scheme = value.partition("://")[0] if "://" in value else "no scheme"
    if scheme == "sentinel":
        return _sentinels(name, value)
    if value and scheme not in ("redis", "rediss", "unix"):
        expected = "redis://host:6379/0, rediss://…, unix://… or sentinel://host:26379,…/name"
        raise refuse(name, expected, scheme)
    return value


def _sentinels(name: str, value: str) -> dict[str, Any]:
    """Of `sentinel://host:26379,host:26379/name-of-the-master`."""
    places, _, master = value.partition("://")[2].partition("/")
    try:
        pairs = [place.rpartition(":") for place in places.split(",")]
        sentinels = [(host, int(port)) for host, _, port in pairs if host]
        if not master or len(sentinels) < len(pairs):
            raise ValueError
    except ValueError as error:
        expected = "sentinel://host:26379,host:26379/name-of-the-master"
        raise refuse(name, expected, "something else after sentinel://") from error
    return {"sentinels": sentinels, "master_name": master}


def email(name: str, folder: Path) -> dict[str, Any]:
    """Django's EMAIL_* settings. Without the variable, emails are written to files in `folder`."""
    value = text(name)
    if not value:
        return {
            "EMAIL_BACKEND": "asgi.email_files.PrivateFiles",
            "EMAIL_FILE_PATH": str(folder),
        }
    scheme = value.partition("://")[0] if "://" in value else "no scheme"
    if scheme not in env.EMAIL_SCHEMES:
        raise refuse(name, "smtp+tls://user:password@host:587 or consolemail://", scheme)
    try:
        found: dict[str, Any] = env.email_url_config(value)
    except ValueError as error:
        raise refuse(name, "a URL with a port number", "one that cannot be parsed") from error
    return found


def mailers(found: dict[str, Any]) -> dict[str, Any]:
    """EMAIL_* settings as the MAILERS that Django 6.1 has in their place."""
    backend = found["EMAIL_BACKEND"]
    names = {"host", "port", "username", "password", "use_tls", "use_ssl", "timeout"}
    if not backend.endswith(".smtp.EmailBackend"):
        names = {"file_path"}
    setting = {"username": "EMAIL_HOST_USER", "password": "EMAIL_HOST_PASSWORD"}
    given = {one: found.get(setting.get(one, f"EMAIL_{one.upper()}")) for one in sorted(names)}
    options = {one: value for one, value in given.items() if value}
    return {"MAILERS": {"default": {"BACKEND": backend, "OPTIONS": options}}}


def secret(name: str) -> str:
    """The variable, or nothing when it is unset. A refusal does not show it."""
    value = text(name)
    if value.startswith(GENERATED):
        raise refuse(name, "a secret of your own", f"one that begins with {GENERATED}")
    if value and len(value) < MIN_SECRET:
        expected = f"a random text of {MIN_SECRET} characters or more"
        raise refuse(name, expected, f"{len(value)} characters")
    return value


def private_folder(path: Path) -> Path:
    """Create a folder that only its owner can read, or make it so where it exists already.

    A folder that belongs to somebody else stays as it is.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(PermissionError):
        path.chmod(0o700)
    return path


def private_file(path: Path) -> Path:
    """Create a file that only its owner can read, or make it so where it exists already.

    What belongs to somebody else stays as it is; whoever opens it meets the error.
    """
    with contextlib.suppress(OSError):
        path.touch(mode=0o600)
        path.chmod(0o600)
    return path


def own_secret(path: Path) -> str:
    """A random secret, created once and kept in `path`, readable only by its owner.

    Two processes that start at once get the same secret: the file appears whole or not at all, and
    the second process reads the first one's.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix="secret_key.")
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(os.urandom(48).hex())
            os.link(draft, path)
        except FileExistsError:
            pass  # The other process was first; its secret is read below.
        finally:
            os.unlink(draft)
    secret = path.read_text().strip()
    if len(secret) < MIN_SECRET:
        raise ImproperlyConfigured(
            f"{path}: expected a secret of {MIN_SECRET} characters or more; remove the file to get "
            "a new one"
        )
    return secret
