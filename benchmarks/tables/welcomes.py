"""Table 2, welcomes: a thousand clients connect at once; how long until the last is welcome?

For the hub a welcome is its answer to hello: who it is, what it may hear, where its stream starts.
For stock Channels it is the accepted handshake.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks import usage
from benchmarks.contenders import asgi, hub
from benchmarks.contenders.contender import Contender
from benchmarks.options import Options
from benchmarks.results import Table
from benchmarks.rounds import Figures, alternate, percentile, scaled
from tests.rig import workspace
from tests.rig.redis import RedisServer
from tests.rig.server import Software

CLIENTS = scaled(50, 1000)
SERVERS: list[Software] = scaled(["uvicorn"], ["uvicorn", "gunicorn", "daphne"])
STOCK: list[Software] = scaled(["uvicorn"], ["uvicorn", "daphne"])
COLUMNS = ["seconds", "p99 of one, s", "ms of CPU per welcome"]
WAYS = ["visitor", "ticket and resume", "session cookie"]


def measure(options: Options) -> list[Table]:
    site = hub.Site({}, var=hub.embedded_template())
    people = json.loads(site.python("-m", "served.people", str(CLIENTS), "sessions"))
    with RedisServer() as redis:
        these = [_ours(one, way, site, people, redis.url) for one in SERVERS for way in WAYS]
        these += [asgi.stock(one, "pub/sub", redis.url) for one in STOCK]
        these += [_stock_users(one, redis.url) for one in STOCK]
        these = [one for one in these if options.wants(one.name)]
        summaries = alternate(these, measure_one, options.rounds)
    site.remove()
    table = Table(f"{CLIENTS:,} welcomes", "All connect at once; SQLite and Redis.", COLUMNS)
    for one, summary in summaries.items():
        table.add(one.name, summary)
    return [table]


def measure_one(one: Contender) -> Figures:
    with one.start() as server, one.crowd(server.port, CLIENTS, **_more(server)) as crowd:
        cpu = usage.cpu(server.pid)
        done = crowd.connect(CLIENTS)
        cpu = usage.cpu(server.pid) - cpu
    if done["welcomed"] < CLIENTS or done["errors"]:
        raise RuntimeError(f"{done['welcomed']} of {CLIENTS} welcome: {done['errors']}")
    return {
        "seconds": done["seconds"],
        "p99 of one, s": percentile(done["waits"], 0.99),
        "ms of CPU per welcome": cpu / CLIENTS * 1000,
    }


def _more(server: Any) -> dict[str, Any]:
    more: dict[str, Any] = getattr(server, "crowd_options", {})
    return more


def _ours(
    software: Software, way: str, site: hub.Site, people: list[dict[str, Any]], redis_url: str
) -> Contender:
    @contextmanager
    def start() -> Iterator[Any]:
        own = hub.Site({"REDIS_URL": redis_url}, var=site.var)
        try:
            with own.serve(software) as server:
                server.crowd_options = {}  # type: ignore[attr-defined]
                if way == "ticket and resume":
                    # Tickets live five minutes: fresh ones each round.
                    made = json.loads(own.python("-m", "served.people", str(CLIENTS)))
                    server.crowd_options = {  # type: ignore[attr-defined]
                        "tickets": [one["ticket"] for one in made],
                        "resume": head(own),
                    }
                yield server
        finally:
            own.remove()

    options = {"topics": [hub.TOPIC]}
    if way == "session cookie":
        options["cookies"] = [one["cookie"] for one in people]
    return Contender(
        f"the hub, {way}, {asgi.NAMES[software]}", start, dialect="hub", options=options
    )


def head(site: hub.Site) -> dict[str, Any]:
    """Where the log ends, as a client remembers it."""
    code = (
        "import django, json; django.setup()\n"
        "from hub.models import Log\n"
        "log = Log.objects.get(pk=1)\n"
        "print(json.dumps({'epoch': log.epoch, 'position': log.head}))"
    )
    found: dict[str, Any] = json.loads(site.python("-c", code))
    return found


def _stock_users(software: Software, redis_url: str) -> Contender:
    def start() -> Any:
        return _with_sessions(software, redis_url)

    name = f"AuthMiddlewareStack, database sessions, {asgi.NAMES[software]}"
    return Contender(name, start, path="/ws/users/")


@contextmanager
def _with_sessions(software: Software, redis_url: str) -> Iterator[Any]:
    folder = workspace.make_directory("stock")
    env = {"STOCK_LAYER": asgi.LAYERS["pub/sub"], "REDIS_URL": redis_url}
    cookies = json.loads(asgi.run(SESSIONS % CLIENTS, {**env, "HUB_VAR": str(folder)}))
    with asgi.serve("served.stock:application", software, env, folder) as server:
        server.crowd_options = {"cookies": cookies}  # type: ignore[attr-defined]
        yield server
    workspace.remove_directory(folder)


SESSIONS = """
import json
import served.stock
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
call_command("migrate", verbosity=0)
User.objects.bulk_create([User(username=str(n), password="!") for n in range(%d)])
cookies = []
for user in User.objects.all():
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    cookies.append(f"sessionid={session.session_key}")
print(json.dumps(cookies))
"""
