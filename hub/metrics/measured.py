"""The rows behind the charts of an hour and of a day.

Each process stores a row every SHORT seconds, if it had requests. What is older than an hour
becomes one row a minute for all processes, and what is older than a day is removed: so there are at
most 372 rows for each process, and 1,440 for all together. All functions query.
"""

import itertools
from collections.abc import Iterable
from typing import Any

import msgspec
from django.db import router, transaction

from hub.metrics.spans import LONG, SHORT, Columns, Figures, columns_of
from hub.models import MeasuredSpan
from hub.models.chunks import delete_in_chunks

HOUR, DAY = 3600, 86_400  # seconds
# A row of a process that is a little late is still in its minute's sum.
_LATE = 60  # seconds

_decoder = msgspec.json.Decoder(Figures)


def store(spans: Iterable[tuple[int, Figures]], process: str) -> None:
    """Store the finished spans of a process."""
    rows = [
        MeasuredSpan(
            seconds=SHORT,
            begins=begins,
            process=process,
            figures=msgspec.json.encode(figures).decode(),
        )
        for begins, figures in spans
    ]
    _rows().bulk_create(rows, ignore_conflicts=True)


def compact(now: float) -> None:
    """Make minutes of what is older than an hour, and remove what is older than a day.

    Several processes may do it at once: the first one's minute stays.
    """
    before = int(now - HOUR - _LATE) // LONG * LONG
    old = _rows().filter(seconds=SHORT, begins__lt=before).order_by("begins")
    for _, group in itertools.groupby(list(old), lambda row: row.begins // LONG):
        rows = list(group)
        begins = rows[0].begins // LONG * LONG
        total = Figures()
        for _begins, figures in _read(rows):
            total.add(figures)
        text = msgspec.json.encode(total).decode()
        with transaction.atomic(using=_rows().db):
            minute = MeasuredSpan(seconds=LONG, begins=begins, figures=text)
            _rows().bulk_create([minute], ignore_conflicts=True)
            _rows().filter(pk__in=[row.pk for row in rows]).delete()
    delete_in_chunks(_rows().filter(seconds=LONG, begins__lt=now - DAY).order_by("begins"))


def last_hour(now: float) -> Columns:
    """The last hour, every SHORT seconds."""
    last = int(now) // SHORT * SHORT - SHORT
    first = last - HOUR + SHORT
    spans = _read(_rows().filter(seconds=SHORT, begins__gte=first))
    return columns_of(spans, SHORT, first, last)


def last_day(now: float) -> Columns:
    """The last 24 hours, every LONG seconds."""
    last = int(now) // LONG * LONG - LONG
    first = last - DAY + LONG
    # Both kinds: the last hour is not made into minutes yet.
    spans = _read(_rows().filter(seconds__in=(SHORT, LONG), begins__gte=first))
    return columns_of(spans, LONG, first, last)


def _read(rows: Iterable[MeasuredSpan]) -> Iterable[tuple[int, Figures]]:
    """The figures of rows; those of another version, which cannot be read, are left out."""
    for row in rows:
        try:
            yield row.begins, _decoder.decode(row.figures)
        except msgspec.DecodeError:
            continue


def _rows() -> Any:
    return MeasuredSpan.objects.using(router.db_for_write(MeasuredSpan))
