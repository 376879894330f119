"""Counts what the sockets of the hub are sent and answer, as it passes by.

Only frames are looked at, from outside: the connection itself knows nothing of it. A frame for
thousands of connections is one text, which is read once.
"""

from collections import Counter, deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

import msgspec

Frame = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Frame]]
Send = Callable[[Frame], Awaitable[None]]

EVENT = '{"op":"event","id":'
RUN = '{"op":"events"'
WELCOME = '{"op":"welcome"'
MAX_PONG = 128  # characters; a longer frame is no pong
COMPLETE = "complete"  # a client that was welcomed and has missed nothing
# Close codes that are told apart: those of RFC 6455 that servers report, and the hub's own.
CODES = frozenset(range(1000, 1016)) | frozenset(range(4000, 5000))
OTHER_CODE = 0
MAX_CODES = 50  # a client chooses its code: further ones count as OTHER_CODE
MAX_UNANSWERED = 4_096  # sent frames of one socket; its window is far smaller


class Sent(NamedTuple):
    """The logged events in one frame: how many, and the last one's position."""

    events: int
    position: int


NOTHING = Sent(0, 0)


class SocketMeter:
    """The totals of one process since it began. Belongs to one event loop."""

    def __init__(self) -> None:
        self.events_sent = 0
        self.events_acknowledged = 0
        self.welcomes: Counter[str] = (
            Counter()
        )  # by outcome: COMPLETE, or why the stream began anew
        self.closes: Counter[int] = Counter()  # by code
        self._text = ""
        self._read = NOTHING

    def watch(self, receive: Receive, send: Send) -> tuple[Receive, Send]:
        """The two, for one socket, with their frames counted."""
        unanswered: deque[Sent] = deque(maxlen=MAX_UNANSWERED)
        is_closed = False

        def watched_send(frame: Frame) -> Awaitable[None]:
            # No coroutine of its own: each would cost every event and connection.
            nonlocal is_closed
            if frame["type"] == "websocket.send":
                text = frame.get("text")
                sent = self._sent(text) if text else NOTHING
                if sent.events:
                    self.events_sent += sent.events
                    unanswered.append(sent)
            elif frame["type"] == "websocket.close" and not is_closed:
                is_closed = True
                self._close(frame.get("code"))
            return send(frame)

        async def watched_receive() -> Frame:
            nonlocal is_closed
            frame = await receive()
            if frame["type"] == "websocket.receive":
                position = _pong(frame.get("text"))
                while unanswered and unanswered[0].position <= position:
                    self.events_acknowledged += unanswered.popleft().events
            elif frame["type"] == "websocket.disconnect" and not is_closed:
                is_closed = True
                self._close(frame.get("code"))
            return frame

        return watched_receive, watched_send

    def _sent(self, text: str) -> Sent:
        if text is self._text:
            return self._read
        read = NOTHING
        if text.startswith(EVENT):
            start = len(EVENT)
            read = Sent(1, int(text[start : text.index(",", start)]))
        elif text.startswith(RUN):
            ids = [one["id"] for one in msgspec.json.decode(text)["events"] if "id" in one]
            read = Sent(len(ids), ids[-1]) if ids else NOTHING
        elif text.startswith(WELCOME):
            welcome = msgspec.json.decode(text)
            self.welcomes[welcome.get("reason") or COMPLETE] += 1
            return NOTHING
        self._text, self._read = text, read
        return read

    def _close(self, code: Any) -> None:
        known = code in CODES and (code in self.closes or len(self.closes) < MAX_CODES)
        self.closes[code if known else OTHER_CODE] += 1


def _pong(text: Any) -> int:
    """The position in a client's pong; -1 if it is none."""
    if not isinstance(text, str) or len(text) > MAX_PONG or "pong" not in text:
        return -1
    try:
        frame = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return -1
    is_pong = isinstance(frame, dict) and frame.get("op") == "pong"
    position = frame.get("position") if is_pong else None
    return position if isinstance(position, int) else -1
