"""Reads sessions of the project's engine, and changes nothing in them.

A session that cannot be read now is not one that has ended: Django's cache engine takes a cache
that it cannot reach for one that does not know the key.
"""

from collections.abc import Collection
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import cache, cached_db, db
from django.utils import timezone

from hub.errors import SessionsUnavailable


def sessions_data(keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """What the sessions hold that exist and have not expired, by their key.

    One statement with Django's own engines. Raises SessionsUnavailable, or a database error.
    """
    store = _store()
    if _is_cached(store):
        return {key: data for key, data in _from_cache(store, keys).items() if data}
    # A key that Django's engine would not look up is dropped.
    valid = [(key, one) for key in keys if (one := store(session_key=key)).session_key]
    if store.load in (db.SessionStore.load, cached_db.SessionStore.load):
        rows = store.get_model_class()._default_manager.filter(
            session_key__in=[key for key, _ in valid], expire_date__gt=timezone.now()
        )
        session = store()
        stored = rows.values_list("session_key", "session_data")
        return {key: session.decode(data) for key, data in stored} if valid else {}
    loaded = ((key, one.load()) for key, one in valid)
    return {key: data for key, data in loaded if data}


def living_sessions(keys: Collection[str]) -> set[str]:
    """The keys whose session exists and has not expired. Raises as `sessions_data`."""
    store = _store()
    if hasattr(store, "get_model_class"):
        rows = store.get_model_class()._default_manager.filter(
            session_key__in=keys, expire_date__gt=timezone.now()
        )
        return set(rows.values_list("session_key", flat=True))
    if _is_cached(store):
        return {key for key, data in _from_cache(store, keys).items() if data}
    # Loaded instead of asked with exists(), which is always False for signed cookies.
    return {key for key in keys if store(session_key=key).load()}


def _store() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore


def _is_cached(store: Any) -> bool:
    return store.load is cache.SessionStore.load


def _from_cache(store: Any, keys: Collection[str]) -> dict[str, dict[str, Any]]:
    session = store()
    names = {session.cache_key_prefix + key: key for key in keys}
    try:
        found = session._cache.get_many(list(names))
    except Exception as error:  # Each cache has errors of its own.
        raise SessionsUnavailable("the cache that holds the sessions cannot be read") from error
    return {names[name]: data for name, data in found.items()}
