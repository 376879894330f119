"""Many rows of the log, without the work of publishing them."""

from django.db import connection
from django.utils import timezone

from hub.events import encode_tail
from hub.log.epoch import ensure_log
from hub.models import Event, Log
from tests.hub.site import Told


def fill(topics: list[str], type: str = "test.told", shown: bool = True) -> None:
    """A numbered row for each topic, after those in the log."""
    ensure_log()
    head = Log.objects.get().head
    now = timezone.now()
    rows = [
        Event(
            position=head + n,
            topic=topic,
            type=type,
            at=now,
            shown=shown,
            frame=encode_tail(Told(text="t"), topic, now, 16_384),
        )
        for n, topic in enumerate(topics, start=1)
    ]
    Event.objects.bulk_create(rows, batch_size=2_000)
    Log.objects.update(head=head + len(rows))


def analyze() -> None:
    """Let PostgreSQL know what a large log looks like, as its autovacuum does."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE hub_event")
