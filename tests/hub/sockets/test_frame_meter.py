"""Frames are counted however the network cuts the bytes."""

import pytest

from hub.concurrency.token_bucket import TokenBucket
from hub.sockets.frame_meter import FrameMeter

PING, PONG, TEXT, MORE = 0x89, 0x8A, 0x81, 0x00


def frame(first, payload):
    """As a client sends it: masked."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 2**16:
        length = bytes([0x80 | 126]) + size.to_bytes(2)
    else:
        length = bytes([0x80 | 127]) + size.to_bytes(8)
    return bytes([first]) + length + b"mask" + payload


def meter(frames=1_000, bytes=10_000_000):
    return FrameMeter(TokenBucket(0, frames), TokenBucket(0, bytes), frames)


STREAM = b"".join(
    [
        frame(PING, b""),
        frame(TEXT, b"x" * 200),
        frame(MORE, b"y" * 70_000),
        frame(PONG, b"z" * 125),
        frame(TEXT, b'{"op":"pong"}'),
    ]
)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 13, 1_000, 70_199, 10**6])
@pytest.mark.parametrize(("most", "is_taken"), [(5, True), (4, False)])
def test_every_frame_counts_once(size, most, is_taken):
    counting = meter(frames=most)
    chunks = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert all([counting.take(chunk, 0.0) for chunk in chunks]) is is_taken


def test_bytes_count_whatever_they_belong_to():
    counting = meter(bytes=100)
    assert counting.take(b"\x89\x80mask" * 10, 0.0)
    assert not counting.take(frame(TEXT, b"x" * 60), 0.0)


def test_counting_stops_where_it_is_too_much():
    counting = meter(frames=3)
    assert not counting.take(frame(PING, b"") * 100_000, 0.0)


def test_what_was_taken_comes_back_with_time():
    counting = FrameMeter(TokenBucket(10, 20), TokenBucket(0, 10**6), 20)
    pings = frame(PING, b"")
    assert counting.take(pings * 20, 0.0)
    assert counting.take(pings * 5, 0.5)
    assert not counting.take(pings, 0.5)
