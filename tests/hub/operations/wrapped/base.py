"""An engine of another package around Django's, as django-prometheus and PostGIS have."""

from django.db.backends.sqlite3.base import DatabaseWrapper as SQLite


class DatabaseWrapper(SQLite):
    pass
