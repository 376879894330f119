"""Finds the session key in the cookies of an ASGI scope, in bounded time.

Django's `parse_cookie` unquotes every cookie, which is quadratic on CPython before 3.11.10 and
3.12.6 (CVE-2024-7592): 16 KB of a visitor's bytes would hold up the event loop for 0.4 s.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module

from django.conf import settings
from django.contrib.sessions.backends import signed_cookies

MAX_HEADER = 16 * 1024  # bytes of cookies that are looked at: servers and proxies allow no more
MAX_KEY = 64  # characters: Django's keys have 32
MAX_SIGNED_KEY = 4096  # characters of a key that is the session itself: no browser keeps more


def session_key_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The key, or None where there is none that could be one.

    Of several cookies of that name the last one counts, as in Django.
    """
    cookies = b"; ".join(value for name, value in headers if name == b"cookie")[:MAX_HEADER]
    found = _cookie(settings.SESSION_COOKIE_NAME).findall(cookies)
    if not found:
        return None
    key: bytes = found[-1].strip()
    return key.decode() if _key(settings.SESSION_ENGINE).fullmatch(key) else None


@cache
def _cookie(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"(?:^|;)[ \t]*" + re.escape(name.encode()) + rb"[ \t]*=([^;]*)")


@cache
def _key(engine: str) -> re.Pattern[bytes]:
    store = import_module(engine).SessionStore
    is_signed = issubclass(store, signed_cookies.SessionStore)
    return re.compile(rb"[\w.:-]{1,%d}" % (MAX_SIGNED_KEY if is_signed else MAX_KEY))
