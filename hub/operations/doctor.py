"""The examinations of `manage.py hub_doctor`: one function each, with a hint what to change."""

import asyncio
import resource
import secrets
import time
from collections.abc import Iterator
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from channels.routing import get_default_application
from django.conf import settings
from django.core import checks
from django.db import connections, router, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from hub import log
from hub.broadcast.hints import chosen
from hub.broadcast.notify import CHANNEL, address, notify
from hub.log import reading
from hub.log.epoch import fingerprint
from hub.models import Event, Log, ReceiverFailure
from hub.operations import delivering, exposure
from hub.operations.finding import Finding, Verdict
from hub.runtime.application import HubApplication
from hub.runtime.runtime import HINTS_CONNECTIONS, HUB_CONNECTIONS

LAYER_TIMEOUT = 2.0  # seconds for one round trip through the layer
MAX_CLOCK_DIFFERENCE = 2.0  # seconds between this machine and the database
EXAMINED_EVENTS = 1_000  # of the newest: can each be read?
MIN_OPEN_FILES = 4_096  # for a server with a few thousand sockets
PAGE_CONNECTIONS = 20  # of a server to the database, if the pool has no max_size
PROCESSES = 3  # a server, its successor during a deploy, and a worker


def examine() -> Iterator[Finding]:
    """Every finding, in the order of an event's way."""
    examinations = (
        *(configuration, application, database, migrations, clock),
        *(the_log, receivers, hints, files),
        *(delivering.worker, delivering.planner, delivering.deliveries, delivering.time_stamps),
        *(exposure.secret, exposure.accounts, exposure.redis, exposure.python),
    )
    for examination in examinations:
        try:
            yield from examination()
        except Exception as error:  # Whatever fails is reported.
            subject = examination.__name__.replace("_", " ")
            yield Finding(subject, "failure", f"{type(error).__name__}: {error}")


def configuration() -> Iterator[Finding]:
    """All system checks, as `manage.py check --deploy` runs them; in development without those."""
    if settings.DEBUG:
        yield Finding(
            "configuration",
            "warning",
            "DEBUG is on: a site in development, whose secret is not examined",
            "with DEBUG = False this examines what a site for others needs",
        )
    found = checks.run_checks(include_deployment_checks=not settings.DEBUG)
    found = [one for one in found if not one.is_silenced()]
    for one in found:
        verdict: Verdict = "failure" if one.is_serious() else "warning"
        yield Finding("configuration", verdict, f"{one.id}: {one.msg}", one.hint or "")
    if not found:
        yield Finding("configuration", "ok", "no check complains")


def application() -> Iterator[Finding]:
    found = get_default_application()  # imports it, as the server does
    if isinstance(found, HubApplication):
        policy = type(found.policy).__name__
        yield Finding("application", "ok", f"{settings.ASGI_APPLICATION}, policy {policy}")
    else:
        yield Finding(
            "application",
            "failure",
            f"{settings.ASGI_APPLICATION} is a {type(found).__name__}, which starts no hub",
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
                    "make PostgreSQL the default database",
                )
            return
        yield from _room(cursor, connection.settings_dict)
        cursor.execute("SHOW transaction_read_only")
        if cursor.fetchone() == ("on",):
            yield Finding(
                "database",
                "failure",
                "it is read-only: a standby, or a primary from before a failover",
                "connect to the primary; behind a name that moves, close the old connections",
            )
    # Inside a transaction: OPTIONS["isolation_level"] is set when one begins, and the database's
    # own default does not show it.
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        (isolation,) = cursor.fetchone()
    if isolation != "read committed":
        yield Finding(
            "database",
            "failure",
            f"the isolation level of transactions is {isolation}",
            "numbering locks first and reads second, which needs 'read committed': in "
            "OPTIONS['isolation_level'] and in the database's default_transaction_isolation",
        )


def _room(cursor: Any, configured: dict[str, Any]) -> Iterator[Finding]:
    """Whether the database has enough connections for the processes that a site needs."""
    cursor.execute("""
        SELECT current_setting('server_version'), current_setting('max_connections')::int
            - current_setting('superuser_reserved_connections')::int
            - coalesce(current_setting('reserved_connections', true)::int, 0),
            (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
    """)
    version, most, taken = cursor.fetchone()
    pool = configured["OPTIONS"].get("pool")
    pages = pool.get("max_size", PAGE_CONNECTIONS) if isinstance(pool, dict) else PAGE_CONNECTIONS
    each = pages + HUB_CONNECTIONS + (HINTS_CONNECTIONS if chosen() == "postgres" else 0)
    text = f"PostgreSQL {version}, {taken} of {most} connections in use, up to {each} per process"
    if most < PROCESSES * each:
        short = f"{text}: too few for two servers, as during a deploy, and a worker"
    elif most - taken < each:
        short = f"{text}: too few are left for another process"
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
    if apart > MAX_CLOCK_DIFFERENCE:
        hint = "servers stamp the events: let NTP set both clocks"
        yield Finding("clock", "warning", f"{apart:.1f} s off the database's", hint)
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
            "its epoch was declared in another database; this one was restored from a backup",
            "start a server, or run manage.py hub_epoch --new: clients must read again",
        )
    if state.waiting:
        yield Finding(
            "log",
            "warning",
            "there are committed events without a position",
            "a running server numbers them within a second: is one running?",
        )
    if unreadable := reading.unreadable(EXAMINED_EVENTS):
        yield Finding(
            "log",
            "warning",
            f"{len(unreadable)} of the newest {EXAMINED_EVENTS} events cannot be read and were "
            f"skipped, the last one at position {unreadable[0]}",
            "another version of the hub wrote them, or they were damaged; the server's log has why",
        )


def receivers() -> Iterator[Finding]:
    for failure in ReceiverFailure.objects.order_by("receiver"):
        yield Finding(
            "receivers",
            "warning",
            f"{failure.receiver} raised {failure.count} times, the last time at "
            f"{failure.at:%Y-%m-%d %H:%M:%S %Z}: {failure.error}",
            "its events are missing, the changes were kept; delete the row of "
            "hub.ReceiverFailure once the cause is corrected",
        )


def hints() -> Iterator[Finding]:
    """What carries hints between processes, and whether it does."""
    yield from _notify() if chosen() == "postgres" else _layer()


def _notify() -> Iterator[Finding]:
    import psycopg

    nonce = secrets.token_hex(8)
    with psycopg.connect(**address(), autocommit=True) as listening:
        listening.execute(f"LISTEN {CHANNEL}")
        begun = time.monotonic()
        notify(nonce)  # through Django's connection, as servers send
        for heard in listening.notifies(timeout=LAYER_TIMEOUT):
            if heard.payload == nonce:
                taken = (time.monotonic() - begun) * 1000
                text = f"PostgreSQL's NOTIFY, heard after {taken:.1f} ms"
                yield Finding("hints", "ok", text)
                return
    yield Finding(
        "hints",
        "warning",
        "PostgreSQL's NOTIFY is not heard: events come by polling, ephemeral ones not at all",
        "behind a transaction pooler: HUB['HINTS_URL'], the address of the database itself",
    )


def _layer() -> Iterator[Finding]:
    name = _layer_name().rpartition(".")[2]
    if name == "InMemoryChannelLayer":
        if connections[router.db_for_write(Event)].vendor != "postgresql":
            yield Finding("hints", "ok", "the channel layer in memory: one server process")
            return
        yield Finding(
            "hints",
            "warning",
            "the channel layer in memory, while PostgreSQL serves many processes: a second server "
            "gets events by polling, up to a second late, and never "
            "sees the first one's live figures",
            "HUB['HINTS'] = 'postgres', or Redis as the layer, before you start a second server",
        )
        return
    seconds = async_to_sync(_round_trip)()
    yield Finding(
        "hints", "ok", f"the channel layer, {name}, a round trip takes {seconds * 1000:.1f} ms"
    )


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


def files() -> Iterator[Finding]:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    text = (
        f"at most {soft} for a server started from this shell; systemd and containers set their own"
    )
    if soft < MIN_OPEN_FILES:
        hint = (
            f"each socket is an open file: ulimit -n {MIN_OPEN_FILES} or more, "
            "LimitNOFILE in systemd"
        )
        yield Finding("open files", "warning", text, hint)
    else:
        yield Finding("open files", "ok", text)
