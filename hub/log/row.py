"""A numbered event as the database and the channel layer carry it."""

import msgspec


class Row(msgspec.Struct, frozen=True, array_like=True):
    """`tail` is the event's frame without its position, `size` the tail's length in bytes."""

    position: int
    topic: str
    type: str
    tail: str
    size: int


def row_of(position: int, topic: str, type: str, tail: str) -> Row:
    """The row of these columns. Its size is counted here, once, and carried from here on."""
    return Row(position, topic, type, tail, len(tail.encode()))
