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


def to_layer(batch: Batch | Ephemerals) -> dict[str, Any]:
    kind = "hub.batch" if isinstance(batch, Batch) else "hub.ephemerals"
    content: dict[str, Any] = msgspec.to_builtins(batch)
    return {"type": kind, **content}


def from_layer(sent: dict[str, Any]) -> Batch | Ephemerals:
    """The batch; raises ForeignMessage for another version's or another application's."""
    name = str(sent.get("type"))
    kinds: dict[str, type[Batch | Ephemerals]] = {"hub.batch": Batch, "hub.ephemerals": Ephemerals}
    if name not in kinds:
        raise ForeignMessage(f"the type {name[:80]!r} is not known here")
    try:
        return msgspec.convert(sent, kinds[name])
    except msgspec.ValidationError as error:
        raise ForeignMessage(f"the type {name!r} is another version's: {error}") from error
