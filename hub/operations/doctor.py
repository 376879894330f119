"""What `manage.py hub_doctor` looks at: a function a thing, each says what to change."""

import asyncio
import resource
import secrets
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from channels.routing import get_default_application
from django.conf import settings
from django.core import checks
from django.db import connections, router, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min, Q
from django.db.models.functions import Now
from django.utils import timezone

from hub import log
from hub.log.epoch import fingerprint
from hub.models import Delivery, Event, Log, Worker
from hub.runtime.application import HubApplication

Verdict = Literal["ok", "warning", "failure"]

LAYER_TIMEOUT = 2.0  # seconds for one round trip through the layer
CLOCK = 2.0  # seconds that this machine and the database may differ
LATE = 300.0  # seconds that a delivery may be due and not begun
MANY = 1_000  # deliveries that may be due at once
FILES = 4_096  # open files that a server with a few thousand sockets needs
CONNECTIONS = 20  # database connections of a process at most, where its pool names no number
PROCESSES = 3  # a server, the one that follows it at a deploy, and a worker


class Finding(msgspec.Struct, frozen=True):
    """One line of the report; `hint` says what to change, where something should be."""

    subject: str
    verdict: Verdict
    text: str
    hint: str = ""


def examine() -> Iterator[Finding]:
    """Every finding, in the order of the path that an event takes."""
    looks = (
        *(configuration, application, database, migrations, clock),
        *(the_log, layer, worker, deliveries, files),
    )
    for look in looks:
        try:
            yield from look()
        except Exception as error:  # The doctor reports whatever fails; that is its work.
            subject = look.__name__.replace("_", " ")
            yield Finding(subject, "failure", f"{type(error).__name__}: {error}")


def configuration() -> Iterator[Finding]:
    found = checks.run_checks(tags=["hub"])
    for one in found:
        verdict: Verdict = "failure" if one.is_serious() else "warning"
        yield Finding("configuration", verdict, f"{one.id}: {one.msg}", one.hint or "")
    if not found:
        yield Finding("configuration", "ok", "nothing contradicts the rest")


def application() -> Iterator[Finding]:
    found = get_default_application()  # imports it; the server would fail in the same way
    if isinstance(found, HubApplication):
        policy = type(found.policy).__name__
        yield Finding("application", "ok", f"{settings.ASGI_APPLICATION}, policy {policy}")
    else:
        yield Finding(
            "application",
            "failure",
            f"{settings.ASGI_APPLICATION} is a {type(found).__name__}: it starts no hub",
            "ASGI_APPLICATION must name a hub.runtime.HubApplication around everything else",
        )


def database() -> Iterator[Finding]:
    connection = connections[router.db_for_write(Event)]
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("PRAGMA journal_mode")
            (mode,) = cursor.fetchone()
            yield Finding("database", "ok", f"SQLite, journal mode {mode}")
            if _layer_name().startswith("channels_redis"):
                yield Finding(
                    "database",
                    "warning",
                    "SQLite with Redis: several processes share one file",
                    "set DATABASE_URL to a PostgreSQL database",
                )
            return
        yield from _room(cursor, connection.settings_dict)
    # Inside a transaction: OPTIONS["isolation_level"] is said when one begins, and the database's
    # own default does not know of it.
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        (isolation,) = cursor.fetchone()
    if isolation != "read committed":
        yield Finding(
            "database",
            "failure",
            f"transactions are isolated as {isolation}",
            "numbering locks first and reads second; it needs 'read committed', in "
            "OPTIONS['isolation_level'] and in the database's default_transaction_isolation",
        )


def _room(cursor: Any, configured: dict[str, Any]) -> Iterator[Finding]:
    """Whether there are database connections enough for the processes that a site needs."""
    cursor.execute("""
        SELECT current_setting('server_version'), current_setting('max_connections')::int
            - current_setting('superuser_reserved_connections')::int
            - coalesce(current_setting('reserved_connections', true)::int, 0),
            (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
    """)
    version, most, taken = cursor.fetchone()
    pool = configured["OPTIONS"].get("pool")
    each = pool.get("max_size", CONNECTIONS) if isinstance(pool, dict) else CONNECTIONS
    text = f"PostgreSQL {version}, {taken} of {most} connections taken, up to {each} a process"
    if most < PROCESSES * each:
        short = f"{text}: too few for two servers, as at a deploy, and a worker"
    elif most - taken < each:
        short = f"{text}: the next process may not get its own"
    else:
        yield Finding("database", "ok", text)
        return
    hint = "raise max_connections, or lower OPTIONS['pool']['max_size']"
    yield Finding("database", "warning", short, hint)


def migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connections[router.db_for_write(Event)])
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        yield Finding(
            "migrations", "failure", f"{len(missing)} are not applied", "manage.py migrate"
        )
    else:
        yield Finding("migrations", "ok", "all applied")


def clock() -> Iterator[Finding]:
    connection = connections[router.db_for_write(Event)]
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
    apart = abs((timezone.now() - theirs).total_seconds())
    if apart > CLOCK:
        hint = "events are stamped by the servers: let NTP set both clocks"
        yield Finding("clock", "warning", f"{apart:.1f} s apart from the database", hint)
    else:
        yield Finding("clock", "ok", "agrees with the database's")


def the_log() -> Iterator[Finding]:
    state = log.state()
    known = (
        Log.objects.using(router.db_for_write(Log)).values_list("fingerprint", flat=True).get(pk=1)
    )
    yield Finding("log", "ok", f"epoch {state.epoch}, head {state.head}, horizon {state.horizon}")
    if known != fingerprint():
        yield Finding(
            "log",
            "warning",
            "it was declared in another database; this one was restored from a backup",
            "start a server, or run manage.py hub_epoch --new: clients must read again",
        )
    if state.waiting:
        yield Finding(
            "log",
            "warning",
            "there are committed events without a position",
            "a running server numbers them within a second: is one running?",
        )


def layer() -> Iterator[Finding]:
    name = _layer_name().rpartition(".")[2]
    if name == "InMemoryChannelLayer":
        if connections[router.db_for_write(Event)].vendor != "postgresql":
            yield Finding("layer", "ok", "in memory: one server process")
            return
        yield Finding(
            "layer",
            "warning",
            "in memory, while PostgreSQL serves many processes: a second server hears events by "
            "polling, up to a second late, and never the live figures of the first",
            "set REDIS_URL before a second server starts; one alone needs none",
        )
        return
    seconds = async_to_sync(_round_trip)()
    yield Finding("layer", "ok", f"{name}, a round trip takes {seconds * 1000:.1f} ms")


def _layer_name() -> str:
    name: str = settings.CHANNEL_LAYERS["default"]["BACKEND"]
    return name


async def _round_trip() -> float:
    """Seconds through the layer and back; raises what the layer raises, or TimeoutError."""
    layer = get_channel_layer()
    assert layer is not None
    group = f"hub.doctor.{secrets.token_hex(4)}"
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(LAYER_TIMEOUT):
        channel = await layer.new_channel()
        await layer.group_add(group, channel)
        begun = loop.time()
        await layer.group_send(group, {"type": "hub.doctor"})
        await layer.receive(channel)
        taken = loop.time() - begun
        await layer.group_discard(group, channel)
    return taken


def worker() -> Iterator[Finding]:
    start = "start manage.py hub_deliver; without DATABASE_URL the server does its work"
    row = Worker.objects.annotate(now=Now()).values("holder", "until", "error", "now").first()
    if row is None or not row["holder"] or row["until"] is None:
        yield Finding("worker", "warning", "none is at work: no mail goes out", start)
    elif row["until"] <= row["now"]:
        ago = (row["now"] - row["until"]).total_seconds()
        text = f"the lease of {row['holder']} ended {ago:.0f} s ago: it was killed, or it is frozen"
        yield Finding("worker", "warning", text, start)
    else:
        yield Finding("worker", "ok", f"{row['holder']} is at work")
    if row is not None and row["error"]:
        hint = "mail goes out again by itself once this is mended"
        yield Finding("worker", "failure", f"no mail goes out: {row['error']}", hint)


def deliveries() -> Iterator[Finding]:
    states = Delivery.State
    due = Q(state=states.WAITING, due_at__lte=Now())
    found = Delivery.objects.aggregate(
        due=Count("pk", filter=due),
        oldest=Min("due_at", filter=due),
        failed=Count("pk", filter=Q(state=states.FAILED)),
    )
    text = f"{found['due']} are due now, {found['failed']} were given up"
    late = (timezone.now() - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    if late > LATE or found["due"] > MANY:
        hint = "a worker that runs keeps up with them: see its log, and deliveries in the admin"
        yield Finding("deliveries", "warning", f"{text}; the oldest waits since {late:.0f} s", hint)
    else:
        yield Finding("deliveries", "ok", text)


def files() -> Iterator[Finding]:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    text = f"at most {soft} for a server that this shell starts; systemd and containers set theirs"
    if soft < FILES:
        hint = f"each socket is an open file: ulimit -n {FILES} or more, LimitNOFILE in systemd"
        yield Finding("open files", "warning", text, hint)
    else:
        yield Finding("open files", "ok", text)
