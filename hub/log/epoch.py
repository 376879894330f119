"""The epoch: which log this is. A position means something within one epoch only."""

import os
import secrets

from django.db import connections, router, transaction

from hub.models import Log


def ensure_log() -> None:
    """Make the log's row where there is none yet; its epoch is drawn once."""
    Log.objects.get_or_create(
        pk=1, defaults={"epoch": secrets.token_hex(8), "fingerprint": fingerprint()}
    )


def renew_epoch() -> str:
    """Declare a new log, from the present head on, and return its epoch.

    Clients are told to read again; positions go on.
    """
    ensure_log()
    with transaction.atomic(using=router.db_for_write(Log)):
        log = Log.objects.select_for_update().get(pk=1)
        log.epoch, log.fingerprint = secrets.token_hex(8), fingerprint()
        log.save(update_fields=["epoch", "fingerprint"])
        return log.epoch


def renew_epoch_if_foreign() -> None:
    """Declare a new log where this one came out of a backup of another database."""
    ensure_log()
    known = Log.objects.get(pk=1).fingerprint
    if known != fingerprint():
        renew_epoch()


def fingerprint() -> str:
    """Names this database, and changes when a backup is restored into a new one.

    A restore in place keeps it; for that there is `manage.py hub_epoch --new`.
    """
    connection = connections[router.db_for_write(Log)]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
            (oid,) = cursor.fetchone()
        return f"postgresql:{oid}"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA database_list")
        path = next(row[2] for row in cursor.fetchall() if row[1] == "main")
    return f"sqlite:{os.stat(path).st_ino}" if path else "sqlite:memory"
