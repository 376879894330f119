"""Table 3, latency: from the commit of an event until clients have it, at 50 events per second.

Each event goes to 20 of 1,000 sockets. PostgreSQL, with Redis and, where the hub has it, NOTIFY.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from benchmarks.contenders import asgi, hub
from benchmarks.contenders.contender import Contender
from benchmarks.options import Options
from benchmarks.posting import post
from benchmarks.results import Table, skipped
from benchmarks.rounds import Figures, alternate, percentile, scaled
from tests.rig.postgres import PostgresServer
from tests.rig.redis import RedisServer
from tests.rig.server import ROOT, ServerProcess, Software

SOCKETS, HEARERS = scaled(60, 1000), 20
RATE = 50.0  # events per second
EVENTS = scaled(50, 500)
SERVERS: list[Software] = scaled(["uvicorn"], ["uvicorn", "daphne"])
NOTIFY = '{"HINTS": "postgres"}'


def measure(options: Options) -> list[Table]:
    hints = {"Redis": ""}
    if '"HINTS"' in (ROOT / "hub" / "limits.py").read_text():
        hints["NOTIFY"] = NOTIFY
    else:
        skipped('NOTIFY: this version of the hub has no HUB["HINTS"]')
    with PostgresServer() as postgres, RedisServer() as redis:
        template = postgres.create_database()
        site = hub.Site({"DATABASE_URL": postgres.url(template)})
        site.migrate()
        site.python("-c", MORE_PRODUCTS % (SOCKETS // HEARERS))
        these = [
            Contender(
                f"{name}, {asgi.NAMES[software]}",
                partial(_served, postgres, redis, template, site, software, settings),
                dialect="hub",
                options={"topics": TOPICS},
            )
            for software in SERVERS
            for name, settings in hints.items()
        ]
        summaries = alternate(
            [one for one in these if options.wants(one.name)], measure_one, options.rounds
        )
        site.remove()
    table = Table(
        "From commit to client",
        f"{RATE:.0f} events per second, each to {HEARERS} of {SOCKETS:,} sockets; milliseconds.",
        ["p50", "p99", "the last hearer, p99"],
    )
    for one, summary in summaries.items():
        table.add(one.name, summary)
    return [table]


TOPICS = [f"product.{number}" for number in range(1, SOCKETS // HEARERS + 1)]
MORE_PRODUCTS = """
import django; django.setup()
from orders.models import Product
for pk in range(1, %d + 1):
    if not Product.objects.filter(pk=pk).exists():
        Product.objects.create(pk=pk, name=str(pk), slug=f"bench-{pk}", description="", price=1)
"""


@contextmanager
def _served(
    postgres: PostgresServer,
    redis: RedisServer,
    template: str,
    site: hub.Site,
    software: Software,
    settings: str,
) -> Iterator[ServerProcess]:
    database = postgres.create_database(template)
    env = {"DATABASE_URL": postgres.url(database)}
    env |= {"BENCH_HUB": settings} if settings else {"REDIS_URL": redis.url}
    own = hub.Site(env, var=site.var)
    try:
        with own.serve(software) as server:
            yield server
    finally:
        own.remove()
        postgres.drop_database(database)


def measure_one(one: Contender) -> Figures:
    topics = [TOPICS[number % len(TOPICS)] for number in range(EVENTS)]
    with one.start() as server, one.crowd(server.port, SOCKETS) as crowd:
        crowd.connect()
        crowd.do("record")
        crowd.begin("arrivals", count=EVENTS * HEARERS, deadline=EVENTS / RATE + 20)
        committed = post(server.url, "pace", topics=topics, rate=RATE)
        done = crowd.answer()
    if len(done["arrivals"]) != EVENTS * HEARERS or done["errors"]:
        raise RuntimeError(f"{len(done['arrivals'])} deliveries, {done['errors']}")
    waits, last = [], defaultdict(float)
    for client, number, at in done["arrivals"]:
        event = number * len(TOPICS) + client % len(TOPICS)
        waits.append((at - committed[event]) * 1000)
        last[event] = max(last[event], waits[-1])
    return {
        "p50": percentile(waits, 0.5),
        "p99": percentile(waits, 0.99),
        "the last hearer, p99": percentile(last.values(), 0.99),
    }
