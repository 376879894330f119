"""The drain's database work: give committed rows the next positions, under the log's lock.

A sequence is not enough: it numbers rows when they are inserted, and a reader of `id > cursor`
skips the ones whose transaction commits later. Positions are given after the commit, by one
transaction at a time, so what is visible is always a prefix of the log.
"""

import os
import secrets

import msgspec
from django.db import connections, router, transaction

from hub.models import Event, Log
from hub.publishing.subscription import SubscriptionChanged, record_changes

MAX_ROWS = 500  # numbered in one transaction

# A process that freezes while it holds the lock must not stop the others: its own transaction is
# ended by the database, and who waits for the lock gives up and tries again. Milliseconds.
HOLD = 1_500
WAIT = 1_500
STATEMENT = 3_000

NUMBER = """
    UPDATE hub_event SET position = fresh.position
    FROM (
        SELECT id, %s + row_number() OVER (ORDER BY id) AS position
        FROM hub_event WHERE position IS NULL ORDER BY id LIMIT %s
    ) AS fresh
    WHERE hub_event.id = fresh.id
    RETURNING hub_event.position, topic, type, frame
"""


class Row(msgspec.Struct, frozen=True, array_like=True):
    """A numbered event as it leaves the database; `tail` is its frame without the position."""

    position: int
    topic: str
    type: str
    tail: str


class Drained(msgspec.Struct, frozen=True):
    """What one drain numbered: positions first to last, without a hole."""

    epoch: str
    rows: list[Row]

    @property
    def is_full(self) -> bool:
        return len(self.rows) == MAX_ROWS


def drain() -> Drained:
    """Number the committed rows that have no position yet, at most MAX_ROWS, oldest first."""
    using = router.db_for_write(Event)
    ensure_log()
    with transaction.atomic(using=using):
        connection = connections[using]
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(
                    "SELECT set_config('lock_timeout', %s, true),"
                    " set_config('statement_timeout', %s, true),"
                    " set_config('idle_in_transaction_session_timeout', %s, true)",
                    [str(WAIT), str(STATEMENT), str(HOLD)],
                )
            # Lock first, read second, as two statements: in one, a waiter would go on with the
            # snapshot from before its wait and number again what was numbered meanwhile.
            log = Log.objects.using(using).select_for_update().get(pk=1)
            cursor.execute(NUMBER, [log.head, MAX_ROWS])
            rows = sorted((Row(*row) for row in cursor.fetchall()), key=lambda row: row.position)
        if rows:
            log.head = rows[-1].position
            log.save(using=using, update_fields=["head"])
            record_changes(
                (row.position, row.topic, row.tail)
                for row in rows
                if row.type == SubscriptionChanged.type
            )
        return Drained(log.epoch, rows)


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
