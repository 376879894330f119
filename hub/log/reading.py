"""Reading the whole log. Every function queries, and runs in the runtime's database threads.

It is read where it is written, whatever a router says of reads: a replica that lags shows an
earlier head, which would be taken for a restored database and sent everybody to a new log.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from django.db import router
from django.db.models import Exists, QuerySet

from hub.log.epoch import ensure_log
from hub.log.readable import is_readable, read_row
from hub.log.row import Row, row_of
from hub.models import Event, Log

PAGE = 200  # rows of one read: 3 MiB of the largest frames, and copies of them while decoding


class State(msgspec.Struct, frozen=True):
    """Where the log stands. `waiting`: there are committed rows that nobody has numbered."""

    epoch: str
    head: int
    horizon: int
    waiting: bool


def state() -> State:
    """The log's present state; makes the log where there is none."""
    # One statement sees one moment: what it finds numbered is at or below the head. It is also
    # how every hello and every poll begins.
    unnumbered = _events().filter(position__isnull=True)
    found = _logs().filter(pk=1).annotate(waiting=Exists(unnumbered))
    while (row := found.values_list("epoch", "head", "horizon", "waiting").first()) is None:
        ensure_log()
    return State(*row)


def page(after: int, upto: int, limit: int = PAGE) -> list[Row]:
    """The rows with after < position <= upto, oldest first, at most `limit`."""
    rows = _events().filter(position__gt=after, position__lte=upto).order_by("position")
    return _read(rows[:limit])


def newest(upto: int, limit: int, max_bytes: int = 16 * 1024 * 1024) -> list[Row]:
    """The last rows up to a position, oldest first: at most `limit`, and no more than needed to
    fill so many bytes."""
    found: list[Row] = []
    size = 0
    while len(found) < limit and size < max_bytes:
        rows = _events().filter(position__lte=upto).order_by("-position")
        page = _read(rows[: min(PAGE, limit - len(found))])
        if not page:
            break
        found += page
        size += sum(row.size for row in page)
        upto = page[-1].position - 1
    return found[::-1]


def unreadable(limit: int) -> list[int]:
    """The positions of those among the newest `limit` rows that cannot be read, newest first."""
    events: Any = _events().filter(position__isnull=False).order_by("-position")
    columns = events.values_list("position", "topic", "type", "frame")[:limit]
    return [row.position for row in (row_of(*one) for one in columns) if not is_readable(row)]


def _events() -> QuerySet[Event]:
    return Event.objects.using(router.db_for_write(Event))


def _logs() -> QuerySet[Log]:
    return Log.objects.using(router.db_for_write(Log))


def _read(rows: QuerySet[Event]) -> list[Row]:
    values: Iterable[Any] = rows.values_list("position", "topic", "type", "frame")
    return [read_row(*row) for row in values]
