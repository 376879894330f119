"""Finished frames: the bytes, and made once per event."""

import pytest
from websockets.frames import Frame, Opcode

from hub.broadcast.shared_event import SharedEvent, text_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536])
@pytest.mark.parametrize("letter", ["x", "é"])
def test_a_frame_is_what_a_server_would_write(size, letter):
    text = letter * (size // len(letter.encode()))
    frame = Frame(Opcode.TEXT, text.encode())
    assert text_frame(text) == frame.serialize(mask=False)


def test_an_event_is_what_asgi_says_and_framed_once_for_all_sockets():
    event = SharedEvent("a")
    assert event == {"type": "websocket.send", "text": "a"}
    assert event.frame is event.frame
    assert event.frame == text_frame("a")
