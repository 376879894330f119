"""The rows behind the charts of an hour and of a day.

Each process stores a row every SHORT seconds, if it had requests. What is older than an hour
becomes one row a minute for all processes, and what is older than a day is removed: so there are at
most 366 rows for each process, and 1,440 for all together. All functions query.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from django.db import router, transaction

from hub.metrics.spans import LONG, SHORT, Columns, Figures, columns_of
from hub.models import MeasuredSpan
from hub.models.chunks import delete_in_chunks

HOUR, DAY = 3600, 86_400  # seconds

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

    Several processes may do it at once: each row is added to its minute once, also one that comes
    late.
    """
    before = int(now - HOUR) // LONG * LONG
    old = _rows().filter(seconds=SHORT, begins__lt=before).values_list("begins", flat=True)
    for begins in sorted({one // LONG * LONG for one in old}):
        with transaction.atomic(using=_rows().db):
            _add_up(begins)
    delete_in_chunks(_rows().filter(seconds=LONG, begins__lt=now - DAY).order_by("begins"))


def _add_up(begins: int) -> None:
    within = {"begins__gte": begins, "begins__lt": begins + LONG}
    rows = list(_rows().select_for_update().filter(seconds=SHORT, **within))
    if not rows:  # another process was faster
        return
    minute, _ = _rows().get_or_create(
        seconds=LONG, begins=begins, process="", defaults={"figures": "{}"}
    )
    total = Figures()
    for _begins, figures in _read([minute, *rows]):
        total.add(figures)
    minute.figures = msgspec.json.encode(total).decode()
    minute.save(update_fields=["figures"])
    _rows().filter(pk__in=[row.pk for row in rows]).delete()


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
