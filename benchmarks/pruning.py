"""An hourly prune of a long log, beside one DELETE: how long does an event wait for its position?

    python -m tests.rig.postgres python -m benchmarks.pruning [EVENTS]

Needs DATABASE_URL at an empty PostgreSQL database that it may fill. Both ways remove the events of
the oldest hour of 90 days, while another transaction takes the log's lock again and again, as the
drain does for each batch of events.
"""

import os
import resource
import sys
import threading
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asgi.settings")
os.environ.setdefault("SECRET_KEY", "only for benchmarks, never for people " * 2)
django.setup()

import datetime  # noqa: E402

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from hub.log.epoch import ensure_log  # noqa: E402
from hub.models import Event, Log  # noqa: E402
from hub.worker.pruning import prune  # noqa: E402

RETENTION = datetime.timedelta(days=90)
ROUNDS = 3

FILL = """
    INSERT INTO hub_event (position, topic, type, at, frame)
    SELECT n, 'user.' || n %% 10000, 'order.received',
           now() - interval '90 days' - interval '1 hour'
               + (n::float / %(events)s) * interval '90 days 1 hour',
           '"type":"order.received","title":"We have your order"' || repeat('x', 170)
    FROM generate_series(%(first)s, %(last)s) AS n
"""
AT_ONCE = 1_000_000  # events filled by one statement


def plainly() -> None:
    """As one would write it first: under the log's lock, so that the horizon and the rows agree."""
    with transaction.atomic():
        log = Log.objects.select_for_update().get(pk=1)
        old = Event.objects.filter(at__lt=timezone.now() - RETENTION)
        newest = old.order_by("-position").values_list("position", flat=True).first()
        if newest:
            log.horizon = newest
            log.save(update_fields=["horizon"])
        old.delete()


def by_the_hub() -> None:
    """The horizon moves in one run, the rows go in the next."""
    prune(RETENTION)
    prune(RETENTION, datetime.timedelta(0))


def measure(work: Callable[[], None]) -> tuple[float, float, int]:
    """Seconds that it took, seconds that a drain waited at most, and events removed."""
    waits: list[float] = []
    ended = threading.Event()

    def drain() -> None:
        while not ended.wait(0.005):
            began = time.perf_counter()
            with transaction.atomic():
                Log.objects.select_for_update().get(pk=1)
            waits.append(time.perf_counter() - began)
        connection.close()

    before = Event.objects.count()
    other = threading.Thread(target=drain)
    other.start()
    began = time.perf_counter()
    try:
        work()
        took = time.perf_counter() - began
    finally:
        ended.set()
        other.join()
    return took, max(waits), before - Event.objects.count()


def fill(events: int) -> None:
    call_command("migrate", verbosity=0)
    ensure_log()
    with connection.cursor() as cursor:
        for first in range(1, events + 1, AT_ONCE):
            last = min(events, first + AT_ONCE - 1)
            cursor.execute(FILL, {"events": events, "first": first, "last": last})
        cursor.execute("VACUUM ANALYZE hub_event")
    Log.objects.update(head=events)


def main(events: int) -> None:
    print(f"Pruning one hour of {events:,} events, PostgreSQL", flush=True)
    fill(events)
    print(f"{'':12}{'removed':>9}{'took':>10}{'a drain waited':>17}")
    for name, work in (("one DELETE", plainly), ("the hub", by_the_hub)):
        for _ in range(ROUNDS):
            took, waited, removed = measure(work)
            print(f"{name:12}{removed:>9,}{took:>8.3f} s{waited * 1000:>14.1f} ms", flush=True)
            refill(events)
    print(f"memory of this process, at most: {peak_mib():.0f} MiB")


def peak_mib() -> float:
    unit = 1 if sys.platform == "darwin" else 1024  # bytes in what getrusage counts
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1024**2


def refill(events: int) -> None:
    """Put the oldest hour back."""
    gone = (Event.objects.order_by("position").values_list("position", flat=True).first() or 1) - 1
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"events": events, "first": 1, "last": gone})
        cursor.execute("VACUUM ANALYZE hub_event")
    Log.objects.update(horizon=0, horizon_at=None, removed=0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else AT_ONCE)
