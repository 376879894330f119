"""Table 1, fan-out: one topic, everybody on it, as many events as the server can send.

300 events of about 330 bytes in transactions of 50, two transactions on their way at most. All on
one core; the clients, Redis and whoever publishes are on another.
"""

import time
from collections.abc import Callable

from benchmarks import usage
from benchmarks.contenders import asgi, brokers, hub
from benchmarks.contenders.contender import Contender, Missing
from benchmarks.cores import LOAD, on
from benchmarks.options import Options
from benchmarks.results import Table, skipped
from benchmarks.rounds import QUICK, Figures, alternate, scaled
from tests.rig.redis import RedisServer
from tests.rig.server import FRAMES, Software

SOCKETS, MANY = scaled(100, 1000), scaled(200, 5000)
EVENTS, FEWER = scaled(100, 300), scaled(50, 50)
PER = 50  # events in a transaction
DEADLINE = 120.0  # seconds for one round of one contender
SETTLE = 1.0  # seconds after the last welcome, before memory is read
SERVERS: list[Software] = scaled(["uvicorn"], ["uvicorn", "gunicorn", "daphne"])
STOCK: list[Software] = scaled(["uvicorn"], ["uvicorn", "daphne"])
LAYERS = scaled(["pub/sub"], list(asgi.LAYERS))
COLUMNS = ["deliveries/s", "µs of CPU per delivery", "KiB per idle socket", "load's CPU, %"]


def contenders(redis_url: str, options: Options) -> list[Contender]:
    makers: list[Callable[[], Contender]] = [
        brokers.nchan,
        *(_ours(software, redis_url, runs) for software in SERVERS for runs in (True, False)),
        *(_frames(software, redis_url) for software in SERVERS if software in FRAMES),
        *(_stock(software, layer, redis_url) for software in STOCK for layer in LAYERS),
        lambda: asgi.socketio(redis_url),
        *([] if QUICK else [brokers.ws]),  # npm takes its time
        brokers.nats,
        *([] if QUICK else [asgi.eventstream]),  # loses events when there are many at once
        asgi.floor,
        lambda: asgi.floor(PER),
    ]
    if options.against:
        makers += [_other(software, redis_url, options) for software in SERVERS]
    found = []
    for make in makers:
        try:
            found.append(make())
        except Missing as missing:
            skipped(str(missing))
    return [one for one in found if options.wants(one.name)]


def measure(options: Options) -> list[Table]:
    with on(LOAD):
        redis = RedisServer()
        redis.start()
    try:
        all_of_them = contenders(redis.url, options)
        tables = [_table(all_of_them, SOCKETS, options)]
        few = [one for one in all_of_them if "the hub" in one.name or one.name == "Nchan"]
        if few and not QUICK:
            tables.append(_table(few, MANY, options))
        return tables
    finally:
        redis.stop()


def _table(these: list[Contender], sockets: int, options: Options) -> Table:
    print(f"Fan-out to {sockets:,} sockets", flush=True)
    summaries = alternate(these, lambda one: measure_one(one, sockets), options.rounds)
    table = Table(
        f"Fan-out to {sockets:,} sockets",
        "One topic, all clients on it; every delivery checked. `transport.write` of 50 events is "
        "what the load generator can count at least; where the load's CPU is near 100 %, it is "
        "the load that is measured.",
        COLUMNS,
        relative=("deliveries/s", "Nchan"),
    )
    for one, summary in summaries.items():
        table.add(one.name, summary)
    return table


def measure_one(one: Contender, sockets: int) -> Figures:
    events = FEWER if one.slow else EVENTS
    with one.start() as server:
        before = usage.memory(server.pid)
        with one.crowd(server.port, sockets) as crowd:
            connected = crowd.connect()
            if connected["welcomed"] < sockets:
                raise RuntimeError(f"{connected['welcomed']} of {sockets}: {connected['errors']}")
            time.sleep(SETTLE)
            idle = (usage.memory(server.pid) - before) / sockets / 1024
            cpu = usage.cpu(server.pid)
            done = crowd.do(
                "fan_out",
                events=events,
                per=PER,
                publisher=one.publisher,
                path=one.publish_path,
                port=one.publish_port(server),
                deadline=DEADLINE,
            )
            cpu = usage.cpu(server.pid) - cpu
    if done["errors"] or done["missing"] or done["delivered"] != events * sockets:
        share = done["delivered"] / events / sockets
        raise RuntimeError(
            f"{share:.1%} delivered in {done['seconds']:.1f} s, {done['missing']} clients lack "
            f"some: {done['errors']}"
        )
    return {
        "deliveries/s": done["delivered"] / done["seconds"],
        "µs of CPU per delivery": cpu / done["delivered"] * 1e6,
        "KiB per idle socket": idle,
        "load's CPU, %": done["cpu"] / done["seconds"] * 100,
    }


def _ours(software: Software, redis_url: str, runs: bool) -> Callable[[], Contender]:
    return lambda: hub.fan_out(software, redis_url, runs=runs)


def _frames(software: Software, redis_url: str) -> Callable[[], Contender]:
    return lambda: hub.fan_out(software, redis_url, runs=False, frames=True)


def _stock(software: Software, layer: str, redis_url: str) -> Callable[[], Contender]:
    return lambda: asgi.stock(software, layer, redis_url)


def _other(software: Software, redis_url: str, options: Options) -> Callable[[], Contender]:
    checkout = options.against
    assert checkout is not None
    label = "the hub at the other checkout"
    return lambda: hub.fan_out(software, redis_url, runs=False, checkout=checkout, label=label)
