"""The messages that server processes send each other through the channel layer.

Their values are plain types, as msgpack needs them.

A batch says which positions it covers, so that a lost one shows as a hole. It also says which log
(epoch) and process it comes from, so that a foreign one can be dropped.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from hub.errors import ForeignMessage
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
    """Nothing but a sign that the layer carries what this process sends."""

    process: str
    epoch: str


Message = Batch | Ephemerals | Heartbeat
TYPES: dict[str, type[Message]] = {
    "hub.batch": Batch,
    "hub.ephemerals": Ephemerals,
    "hub.heartbeat": Heartbeat,
}
NAMES = {kind: name for name, kind in TYPES.items()}


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


def to_layer(message: Message) -> dict[str, Any]:
    content: dict[str, Any] = msgspec.to_builtins(message)
    return {"type": NAMES[type(message)], **content}


def from_layer(sent: dict[str, Any]) -> Message:
    """The message; raises ForeignMessage for another version's or another application's."""
    name = str(sent.get("type"))
    if name not in TYPES:
        raise ForeignMessage(f"the type {name[:80]!r} is not known here")
    try:
        return msgspec.convert(sent, TYPES[name])
    except msgspec.ValidationError as error:
        raise ForeignMessage(f"the type {name!r} is another version's: {error}") from error
