"""`make run`: migrates the database, fills an empty one with demo data, serves, prints the URLs.

Several may start at once on one database: the steps before serving wait for each other.
"""

import contextlib
import errno
import fcntl
import http.client
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, NoReturn

import django
from daphne.cli import CommandLineInterface
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections

from asgi import environment
from hub.concurrency.connections import make_own
from hub.operations import is_local_site, is_loopback

_BACKLOG = 4096  # connections waiting to be accepted; Daphne's 50 slows many reconnects at once
_ADVISORY_LOCK = 0x6875625F72756E  # PostgreSQL's lock around the steps: "hub_run" in ASCII
_LOCK_POLL = 0.25  # seconds between two tries
_READY_WARNING = 20.0  # seconds until a server that is not ready is reported
_READY_POLL = 0.25  # seconds between two requests to /readyz
_READY_TIMEOUT = 5.0  # seconds for one of these requests
_DEMO = {"ana": "a customer", "ben": "a customer", "admin": "staff"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "asgi.settings")
    try:
        django.setup()
        address = _address(settings.HOST, settings.PORT)
        _say(f"Bringing the database up to date ({connection.vendor})")
        with _one_at_a_time():
            _prepare()
    except (ImproperlyConfigured, CommandError) as error:
        _refuse(str(error))
    except DatabaseError as error:
        _refuse(f"the database cannot be used: {error}")
    connections.close_all()
    _say(f"Starting Daphne on {_url(address)}")
    threading.Thread(target=_announce, args=[address], daemon=True).start()
    interface = address.replace(":", r"\:")  # a colon divides the parts of an endpoint
    endpoint = f"tcp:port={settings.PORT}:interface={interface}:backlog={_BACKLOG}"
    CommandLineInterface().run(["-e", endpoint, "asgi.application:application"])
    _say("Stopped")


def _address(host: str, port: int) -> str:
    """Return the numeric address to listen on; exits with a message if that is not possible."""
    try:
        family, _, _, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
            probe.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            _refuse(f"port {port} is taken: choose another, such as PORT={port % 65535 + 1}")
        _refuse(f"cannot listen on HOST={host} PORT={port}: {error.strerror}")
    return str(where[0])


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait until no other process that uses this database is inside this block."""
    if connection.vendor == "postgresql":
        # A lock of a transaction, on a connection of its own: a session's lock would be taken in
        # one session of PgBouncer's and released in another.
        holder = connection.copy()
        make_own(holder)
        try:
            holder.set_autocommit(False)
            with holder.cursor() as cursor:
                _lock(cursor)
            yield
        finally:
            holder.close()  # the transaction and its lock end
    else:
        with environment.private_file(settings.VAR / "run.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _lock(cursor: Any) -> None:
    is_waiting = False
    while True:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
        if cursor.fetchone()[0]:
            return
        if not is_waiting:
            _say("Another process is doing that, waiting for it")
            is_waiting = True
        time.sleep(_LOCK_POLL)


def _prepare() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    if get_user_model().objects.exists():
        return
    if _is_demo():
        _say("Filling the empty shop with demo data")
        call_command("seed_demo")
    else:
        _say("There are no users yet, and no demo data here")


def _is_demo() -> bool:
    """Whether nobody else can reach this site: the demo's passwords are public."""
    is_local = is_loopback(settings.HOST) and is_local_site(settings.SITE_URL)
    return settings.EMBEDDED and is_local


def _announce(address: str) -> None:
    """Wait until the server is ready (the first request starts the hub), then print its URLs."""
    began, warned = time.monotonic(), False
    while (answer := _readiness(address)) != "200":
        if not warned and time.monotonic() - began > _READY_WARNING:
            _say(f"Not ready yet: /readyz says {answer}")
            warned = True
        time.sleep(_READY_POLL)
    url = _url(address)
    lines = [
        f"Ready: {url}/",
        f"  dashboard  {url}/dashboard/",
        f"  admin      {url}/admin/",
        *(f"  log in as  {line}" for line in _log_ins()),
    ]
    connections.close_all()
    _say("\n".join(lines))


def _readiness(address: str) -> str:
    """Return the status of /readyz, or why there is none."""
    # A host name that the site accepts; its address may not be one.
    name = next((host for host in settings.ALLOWED_HOSTS if host[0] not in "*."), "localhost")
    request = http.client.HTTPConnection(
        environment.reachable(address), settings.PORT, timeout=_READY_TIMEOUT
    )
    try:
        request.request("GET", "/readyz", headers={"Host": name})
        return str(request.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        request.close()


def _log_ins() -> list[str]:
    users = get_user_model().objects.filter(username__in=_DEMO, is_active=True)
    found = {user.get_username() for user in users if check_password("demo", user.password)}
    if not found:
        return ["one of your users; make an admin with: .venv/bin/python manage.py createsuperuser"]
    return [f"{name} / demo ({_DEMO[name]})" for name in _DEMO if name in found]


def _url(address: str) -> str:
    return environment.address_of(address, settings.PORT)


def _say(text: str) -> None:
    print(f"==> {text}", flush=True)


def _refuse(reason: str) -> NoReturn:
    sys.exit(f"make run: {reason}")


if __name__ == "__main__":
    main()
