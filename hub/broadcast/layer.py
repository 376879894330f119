"""The messages that server processes send each other, through the channel layer or PostgreSQL.

A batch says which positions it covers, so that a lost one shows as a hole. It also says which log
(epoch) and process it comes from, so that a foreign one can be dropped. `hub.broadcast.signing`
signs messages on their way out and checks them on their way in.
"""

from collections.abc import Iterator, Sequence

import msgspec

from hub.log.row import Row

GROUP = "hub"
MAX_BYTES = 1024 * 1024  # of one batch; a drain of many large events is sent as several


class Batch(msgspec.Struct, frozen=True):
    """Numbered events, positions `first` to `last` without a hole."""

    process: str
    epoch: str
    first: int
    last: int
    rows: list[Row]

    @property
    def size(self) -> int:
        """Bytes of its frames."""
        return sum(row.size for row in self.rows)


class Numbered(msgspec.Struct, frozen=True):
    """There are events with these positions, more than fit into the message: read the log."""

    process: str
    epoch: str
    first: int
    last: int


class Ephemeral(msgspec.Struct, frozen=True, array_like=True):
    """An event without a position: `key` says which earlier one it replaces."""

    topic: str
    type: str
    key: str
    tail: str


class Ephemerals(msgspec.Struct, frozen=True):
    process: str
    epoch: str
    events: list[Ephemeral]


class Heartbeat(msgspec.Struct, frozen=True):
    """Nothing but a sign that what this process sends is carried."""

    process: str
    epoch: str


Message = Batch | Numbered | Ephemerals | Heartbeat
BATCH = "hub.batch"
NUMBERED = "hub.numbered"
TYPES: dict[str, type[Message]] = {
    BATCH: Batch,
    NUMBERED: Numbered,
    "hub.ephemerals": Ephemerals,
    "hub.heartbeat": Heartbeat,
}
_NAMES = {kind: name for name, kind in TYPES.items()}


def name_of(message: Message) -> str:
    return _NAMES[type(message)]


def batches(process: str, epoch: str, rows: Sequence[Row]) -> Iterator[Batch]:
    """The rows as batches of at most MAX_BYTES each (one row is always sent)."""
    some: list[Row] = []
    size = 0
    for row in rows:
        if some and size + row.size > MAX_BYTES:
            yield Batch(process, epoch, some[0].position, some[-1].position, some)
            some, size = [], 0
        some.append(row)
        size += row.size
    if some:
        yield Batch(process, epoch, some[0].position, some[-1].position, some)


def ephemerals(
    process: str, epoch: str, events: Sequence[Ephemeral], limit: int
) -> tuple[list[Ephemerals], int]:
    """The events as messages with at most `limit` bytes of them each; how many fit into none."""
    found: list[list[Ephemeral]] = []
    room = dropped = 0
    for event in events:
        size = len(msgspec.json.encode(event)) + 1  # and a comma
        if size > limit:
            dropped += 1
            continue
        if size > room:
            found.append([])
            room = limit
        found[-1].append(event)
        room -= size
    return [Ephemerals(process, epoch, some) for some in found], dropped
