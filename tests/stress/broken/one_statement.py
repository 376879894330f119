"""The lock is taken and the rows are read in one statement, so a waiter reads before it waits."""

import contextlib
from collections.abc import Iterator
from unittest.mock import patch

from django.db import connection, transaction

from hub.log.epoch import ensure_log
from hub.log.numbering import Drained
from hub.log.row import row_of
from hub.models import Log

NUMBER = """
    WITH locked AS (SELECT head FROM hub_log WHERE id = 1 FOR UPDATE),
    fresh AS (
        SELECT id, (SELECT head FROM locked) + row_number() OVER (ORDER BY id) AS position
        FROM hub_event WHERE position IS NULL
    )
    UPDATE hub_event SET position = fresh.position FROM fresh WHERE hub_event.id = fresh.id
    RETURNING hub_event.position, topic, type, frame
"""


def drain() -> Drained:
    ensure_log()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NUMBER)
        rows = sorted((row_of(*row) for row in cursor.fetchall()), key=lambda row: row.position)
        log = Log.objects.get(pk=1)
        if rows:
            log.head = rows[-1].position
            log.save(update_fields=["head"])
    return Drained(log.epoch, rows)


@contextlib.contextmanager
def broken() -> Iterator[None]:
    with patch("hub.broadcast.relay.drain", drain):
        yield
