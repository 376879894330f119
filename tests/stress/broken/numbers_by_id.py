"""Positions are ids: given when a row is inserted, visible in another order."""

import contextlib
from collections.abc import Iterator
from unittest.mock import patch

from django.db import connection, transaction

from hub.log.epoch import ensure_log
from hub.log.numbering import Drained
from hub.log.row import row_of
from hub.models import Log

NUMBER = """
    UPDATE hub_event SET position = id WHERE position IS NULL
    RETURNING position, topic, type, frame
"""


def drain() -> Drained:
    ensure_log()
    with transaction.atomic(), connection.cursor() as cursor:
        log = Log.objects.select_for_update().get(pk=1)
        cursor.execute(NUMBER)
        rows = sorted((row_of(*row) for row in cursor.fetchall()), key=lambda row: row.position)
        if rows:
            log.head = max(log.head, rows[-1].position)
            log.save(update_fields=["head"])
    return Drained(log.epoch, rows)


@contextlib.contextmanager
def broken() -> Iterator[None]:
    with patch("hub.broadcast.relay.drain", drain):
        yield
