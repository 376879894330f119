"""Counts the WebSocket frames in what a client's connection brings. Pure.

Servers hand on whole messages. Pings, pongs and fragments cost as much, and only the bytes show
them (RFC 6455, 5.2).
"""

from hub.concurrency.token_bucket import TokenBucket

MASK = 4  # bytes; a client masks every frame


class FrameMeter:
    """Limits the frames, of whatever kind, and the bytes of one connection."""

    def __init__(self, frames: TokenBucket, bytes: TokenBucket, most_frames: int) -> None:
        """`most_frames`: of one chunk; more need not be counted, because they are too many."""
        self._frames = frames
        self._bytes = bytes
        self._most_frames = most_frames
        self._header = b""  # the beginning of a frame whose header has not arrived in full
        self._payload = 0  # bytes of the present frame that are still to come

    def take(self, data: bytes, now: float) -> bool:
        """Count what arrived; False if it is too much."""
        frames = self._count(data)
        return self._bytes.take(len(data), now) and (not frames or self._frames.take(frames, now))

    def _count(self, data: bytes) -> int:
        """The frames that begin in this chunk."""
        at, end, frames = self._payload, len(data), 0
        if self._header:
            data = self._header + data
            end += len(self._header)
        while at < end and frames <= self._most_frames:
            size = _size(data, at)
            if size is None:
                self._header, self._payload = data[at:], 0
                return frames
            frames += 1
            at += size
        self._header, self._payload = b"", at - end
        return frames


def _size(data: bytes, at: int) -> int | None:
    """The bytes of the frame that begins here, its header included; None if that is cut off."""
    if len(data) < at + 2:
        return None
    short = data[at + 1] & 0x7F
    more = {126: 2, 127: 8}.get(short, 0)
    start = at + 2 + more
    if len(data) < start:
        return None
    payload = int.from_bytes(data[at + 2 : start]) if more else short
    return 2 + more + (MASK if data[at + 1] & 0x80 else 0) + payload
