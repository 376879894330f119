"""The drain's database work: give committed rows the next positions, under the log's lock.

A sequence is not enough: it numbers rows when they are inserted, and a reader of `id > cursor`
skips the ones whose transaction commits later. Positions are given after the commit, by one
transaction at a time, so what is visible is always a prefix of the log.
"""

from collections.abc import Callable

import msgspec
from django.db import connections, router, transaction

from hub.log.epoch import ensure_log
from hub.log.intervals import record_changes
from hub.log.readable import read_row
from hub.log.row import Row
from hub.models import Event, Log

MAX_ROWS = 500  # numbered in one transaction

NUMBER = """
    UPDATE hub_event SET position = fresh.position
    FROM (
        SELECT id, %s + row_number() OVER (ORDER BY id) AS position
        FROM hub_event WHERE position IS NULL ORDER BY id LIMIT %s
    ) AS fresh
    WHERE hub_event.id = fresh.id
    RETURNING hub_event.position, topic, type, frame
"""


class Timing(msgspec.Struct, frozen=True):
    """How long PostgreSQL lets one drain wait and work, in milliseconds.

    A process that freezes while it holds the log's lock must not stop the others: the database
    ends its transaction, and a process that waits for the lock gives up and tries again.
    """

    lock_hold_ms: int = 1_500  # holding the lock without a statement
    lock_wait_ms: int = 1_500
    statement_ms: int = 3_000


PROMPT = Timing()


class Drained(msgspec.Struct, frozen=True):
    """What one drain numbered: positions first to last, without a hole."""

    epoch: str
    rows: list[Row]

    @property
    def is_full(self) -> bool:
        return len(self.rows) == MAX_ROWS


Announce = Callable[[Drained], None]


def drain(timing: Timing = PROMPT, announce: Announce | None = None) -> Drained:
    """Number the committed rows that have no position yet, at most MAX_ROWS, oldest first.

    `announce` is called inside the transaction, if there were any.
    """
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
                    [str(timing.lock_wait_ms), str(timing.statement_ms), str(timing.lock_hold_ms)],
                )
            # Lock first, read second, as two statements: in one, a waiter would go on with the
            # snapshot from before its wait and number again what was numbered meanwhile.
            log = Log.objects.using(using).select_for_update().get(pk=1)
            cursor.execute(NUMBER, [log.head, MAX_ROWS])
            rows = [read_row(*row) for row in sorted(cursor.fetchall())]  # by position
        if rows:
            log.head = rows[-1].position
            log.save(using=using, update_fields=["head"])
            record_changes(rows)
        drained = Drained(log.epoch, rows)
        if rows and announce is not None:
            announce(drained)
        return drained
