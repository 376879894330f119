"""What a connection has missed: read from the ring in memory or, before that, from the log."""

from collections.abc import Collection, Iterable, Iterator

import msgspec

from hub import log
from hub.broadcast.ring import Entry, entry_of
from hub.broadcast.run import MAX_EVENTS, Run, RunBuilder
from hub.log import Bound
from hub.sockets.connection import APPLY, PING, SEND, SKIP, WAIT, Connection
from hub.sockets.services import Services


class Page(msgspec.Struct, frozen=True):
    """Entries in the order of the log. `is_last`: there are no more within the bounds."""

    entries: list[Entry]
    is_last: bool


async def read_page(
    services: Services,
    after: int,
    bounds: Collection[Bound],
    size: int,
    log_size: int | None = None,
) -> Page | None:
    """The oldest entries within bounds that all lie above `after`.

    At most `size` of them, or `log_size` where the log is read. None where some may have been
    removed from it. Raises DatabaseError.
    """
    ring = services.follower.ring
    if after >= ring.start:
        entries = ring.due(bounds, size)
    else:
        size = log_size or size
        rows = await services.reader_threads.run(log.due_since, bounds, size)
        if rows is None:
            return None
        entries = [entry_of(row) for row in rows]
    return Page(entries, is_last=len(entries) < size)


def replay(
    entries: Iterable[Entry], connection: Connection, *, runs: bool
) -> Iterator[tuple[Run | None, int, Entry]]:
    """What a connection is sent of a page, and what to do then: PING, or APPLY the entry, or WAIT.

    Each entry is looked at when it is its turn: the connection may have ended or unsubscribed while
    what was before it was sent. The page ends at what waits, or is to be applied.
    """
    builder = RunBuilder(MAX_EVENTS if runs else 1)
    for entry in entries:
        if not builder.has_room(entry):
            yield builder.take(), SKIP, entry
        todo = connection.replay(entry)
        if todo & SEND:
            builder.append(entry)
        if todo & (PING | APPLY | WAIT):
            yield builder.take() if builder else None, todo, entry
        if todo in (APPLY, WAIT):
            return
    if builder:
        yield builder.take(), SKIP, entry


async def has_more_than(
    services: Services, after: int, bounds: Collection[Bound], most: int
) -> bool:
    """Whether more than `most` entries are within bounds as above. Raises DatabaseError."""
    ring = services.follower.ring
    if after >= ring.start:
        return len(ring.due(bounds, most + 1)) > most
    return await services.reader_threads.run(log.is_more_due, bounds, most)
