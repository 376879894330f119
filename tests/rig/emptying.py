"""Empties the test database after a test that commits: only the tables that have rows.

Django's flush deletes from every table, and makes content types and permissions anew each time
(30 ms on SQLite). They stay here; where a test changed them, Django's own flush follows.
"""

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Count, Max
from django.test import TransactionTestCase

_flush = TransactionTestCase._fixture_teardown
_KEPT = (ContentType, Permission)
_made_by_migrate: list[dict[str, int]] = []
_tables: list[str] = []


def install() -> None:
    """From now on, transactional tests end so. To be called once the test database is made."""
    kept = {model._meta.db_table for model in _KEPT}
    _tables[:] = sorted(set(connection.introspection.django_table_names(only_existing=True)) - kept)
    _made_by_migrate[:] = _kept_rows()
    TransactionTestCase._fixture_teardown = _empty


def _empty(case: TransactionTestCase) -> None:
    plain = case._databases_names(include_mirrors=False) == [DEFAULT_DB_ALIAS]
    if not plain or case.available_apps is not None or _kept_rows() != _made_by_migrate:
        _flush(case)
        return
    quote = connection.ops.quote_name
    asked = " UNION ALL ".join(
        f"SELECT {number} WHERE EXISTS (SELECT 1 FROM {quote(table)})"
        for number, table in enumerate(_tables)
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        filled = [_tables[number] for (number,) in cursor.fetchall()]
    statements = connection.ops.sql_flush(no_style(), filled, allow_cascade=True)
    connection.ops.execute_sql_flush(statements)


def _kept_rows() -> list[dict[str, int]]:
    return [model.objects.aggregate(Count("pk"), Max("pk")) for model in _KEPT]
