"""Numbered rows, without the work of publishing them."""

import datetime
from collections.abc import Sequence

from django.utils import timezone

from hub.events import encode_tail
from hub.log.epoch import ensure_log
from hub.models import Event, Log
from tests.hub.site import Told

FRAME = encode_tail(Told(), "news", timezone.now(), 16_384)


def write_rows(topics: Sequence[str], start: int = 1) -> None:
    """One row for each topic."""
    at = timezone.now() - datetime.timedelta(minutes=1)
    rows = [
        Event(position=position, topic=topic, type="test.told", at=at, frame=FRAME)
        for position, topic in enumerate(topics, start=start)
    ]
    Event.objects.bulk_create(rows)
    ensure_log()
    Log.objects.update(head=start + len(rows) - 1)
