"""Hints between processes through PostgreSQL's NOTIFY, without another server.

What a drain numbered is announced inside its transaction: others hear of it with the commit, and
never without it. A connection of its own listens, because a transaction pooler hands sessions to
others. Everything is sent through Django's connections, so that a heartbeat that comes back proves
the whole way: a session that listens would hear itself even through such a pooler.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connections, router

from hub.broadcast.layer import Batch, Message, Numbered
from hub.broadcast.signing import Signer
from hub.concurrency.connections import cut
from hub.concurrency.silence import NOTICE_SILENCE
from hub.concurrency.threads import DatabaseThreads
from hub.limits import other_setting
from hub.log.numbering import Drained
from hub.models import Event

if TYPE_CHECKING:  # psycopg comes with the extra `postgres`
    from psycopg import AsyncConnection, Notify

CHANNEL = "hub_hints"
MAX_PAYLOAD = 7_900  # bytes; PostgreSQL refuses 8,000
LIMIT = 7_600  # bytes of a message's events; the rest names process and epoch, and signs them
PAUSE = 0.05  # seconds in which messages are collected, as each is a transaction
QUEUE_FULL = "54000"  # PostgreSQL's code: a session that listens has not read 8 GB of messages
# Of Django's parameters, those that say how it uses a connection, not where it leads.
_OF_DJANGO = ("context", "cursor_factory", "prepare_threshold")

# Losing the last messages in a crash of the database harms nobody: no wait for the disk.
_NOTIFY = "SELECT set_config('synchronous_commit', 'off', true), pg_notify(%s, %s)"


class PostgresHints:
    """Implements `hub.broadcast.hints.Hints`. `database` sends; `process` is this one's name."""

    name = "PostgreSQL's NOTIFY"
    limit = LIMIT
    pause = PAUSE

    def __init__(self, database: DatabaseThreads, process: str) -> None:
        self._database = database
        self._process = process
        self._signer = Signer()  # of announcements alone: they are made in the relay's thread
        self._connection: AsyncConnection[Any] | None = None
        self._notifies: AsyncGenerator[Notify, None] | None = None

    def announce(self, drained: Drained) -> None:
        """Tell others with the commit: the events where they fit, else that there are some."""
        rows, epoch = drained.rows, drained.epoch
        first, last = rows[0].position, rows[-1].position
        whole: Message = Batch(self._process, epoch, first, last, rows)
        payload = ""
        if sum(row.size for row in rows) <= LIMIT:
            payload = payload_of(self._signer.sign(whole))
        if not payload or len(payload.encode()) > MAX_PAYLOAD:
            numbered = Numbered(self._process, epoch, first, last)
            payload = payload_of(self._signer.sign(numbered))
        with connections[router.db_for_write(Event)].cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])

    async def join(self) -> None:
        from psycopg import AsyncConnection

        parameters = await asyncio.to_thread(address)
        connection = await AsyncConnection.connect(**parameters, autocommit=True)
        try:
            await connection.execute(f"LISTEN {CHANNEL}")
        except BaseException:
            await connection.close()
            raise
        self._connection, self._notifies = connection, connection.notifies()

    async def receive(self) -> Any:
        assert self._notifies is not None
        return signed_of((await anext(self._notifies)).payload)

    async def send(self, signed: dict[str, Any]) -> None:
        await self._database.run(notify, payload_of(signed))

    async def reconnect(self) -> None:
        """Ends the connection, so that `receive` raises and the listener joins anew."""
        if self._connection is not None:
            cut(self._connection)

    async def leave(self) -> None:
        notifies, connection = self._notifies, self._connection
        self._notifies = self._connection = None
        if notifies is not None:
            with contextlib.suppress(Exception):  # it may have ended, or still wait
                await notifies.aclose()
        if connection is not None:
            await connection.close()


def notify(payload: str) -> None:
    """Send at once, through this thread's connection."""
    with connections[router.db_for_write(Event)].cursor() as cursor:
        cursor.execute(_NOTIFY, [CHANNEL, payload])


def payload_of(signed: dict[str, Any]) -> str:
    """A signed message as text: JSON in JSON would escape every quote once more."""
    names = ("type", "epoch", "sequence", "signature", "content")
    return " ".join(str(signed[name]) for name in names)


def signed_of(payload: str) -> dict[str, Any]:
    """What the verifier is given; whatever others have sent, this does not raise."""
    parts = payload.split(" ", 4)
    if len(parts) != 5 or not (parts[2].isascii() and parts[2].isdigit() and len(parts[2]) < 19):
        return {"type": payload[:80]}
    name, epoch, sequence, signature, content = parts
    return {
        "type": name,
        "epoch": epoch,
        "sequence": int(sequence),
        "signature": signature,
        "content": content,
    }


def address() -> dict[str, Any]:
    """Where to listen: psycopg's parameters of `HUB["HINTS_URL"]`, or of Django's database."""
    own = direct_address()
    if not own:
        # Not the thread's own connection: a backend may ask a service for its password here.
        own = dict(connections[router.db_for_write(Event)].get_connection_params())
        for name in _OF_DJANGO:
            own.pop(name, None)
    return {**NOTICE_SILENCE, "fallback_application_name": "hub hints", **own}


def direct_address() -> dict[str, Any]:
    """Of `HUB["HINTS_URL"]`, empty without. Raises ImproperlyConfigured, without its password."""
    url = other_setting("HINTS_URL", "")
    if not url:
        return {}
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    expected = "settings.HUB['HINTS_URL'] must be postgresql://user:password@host:5432/name"
    if url.partition("://")[0] not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(expected)
    try:
        return {name: value for name, value in conninfo_to_dict(url).items() if value is not None}
    except ProgrammingError:
        raise ImproperlyConfigured(expected) from None


def is_queue_full(error: Error) -> bool:
    return getattr(error.__cause__, "sqlstate", None) == QUEUE_FULL
