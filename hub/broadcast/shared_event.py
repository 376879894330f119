"""An ASGI event for many sockets, and the WebSocket frame that it becomes."""

from functools import cached_property
from typing import Any

TEXT = 0x81  # the first byte of a text message in one frame (RFC 6455, 5.2)
SHORT = 125  # the longest payload whose length is in the second byte
LONG = 0xFFFF  # the longest payload whose length takes two bytes more


class SharedEvent(dict[str, Any]):
    """Tells a server to send this text. The frame is made once, where a server takes frames."""

    def __init__(self, text: str) -> None:
        super().__init__(type="websocket.send", text=text)

    @cached_property
    def frame(self) -> bytes:
        return text_frame(self["text"])


def text_frame(text: str) -> bytes:
    """The bytes of a server's frame: one whole text message, not compressed, not masked."""
    payload = text.encode()
    size = len(payload)
    if size <= SHORT:
        return bytes((TEXT, size)) + payload
    if size <= LONG:
        return bytes((TEXT, 126)) + size.to_bytes(2) + payload
    return bytes((TEXT, 127)) + size.to_bytes(8) + payload
