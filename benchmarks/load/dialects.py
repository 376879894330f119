"""What clients say to each contender, and what they make of its answers."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from benchmarks.load.frames import client_frame

TYPE = "bench.told"


class Meaning(NamedTuple):
    """What one payload says. Equal payloads mean the same, so each is decoded once."""

    numbers: tuple[int, ...] = ()  # of the events it carries, in order
    reply: bytes = b""
    welcome: bool = False
    error: str = ""


NOTHING = Meaning()


class Dialect:
    """A plain WebSocket: subscribed by its address, welcome once it is accepted."""

    welcome_on_open = True
    framed = True  # in WebSocket frames

    def __init__(self, path: str, **options: Any) -> None:
        self.path = path
        self.options = options

    def request(self, index: int) -> bytes:
        cookies = self.options.get("cookies")
        cookie = f"Cookie: {cookies[index]}\r\n" if cookies else ""
        return (
            f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\n{cookie}{self.headers()}"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()

    def headers(self) -> str:
        return ""

    def greeting(self, index: int) -> bytes:
        """What is said first, once the socket is open."""
        return b""

    def texts(self, payload: bytes) -> list[bytes]:
        """The messages that one frame, or one part of a stream, brings to an end."""
        return [payload]

    def learn(self, payload: bytes) -> Meaning:
        return _of_event(msgspec.json.decode(payload))


def _of_event(event: dict[str, Any]) -> Meaning:
    return Meaning((event["data"]["n"],)) if event.get("type") == TYPE else NOTHING


class Hub(Dialect):
    """The hub's protocol; `runs` asks for several events in one frame."""

    welcome_on_open = False

    def greeting(self, index: int) -> bytes:
        hello: dict[str, Any] = {"op": "hello"}
        if topics := self.options.get("topics"):
            hello["topics"] = [topics[index % len(topics)]]
        if self.options.get("runs"):
            hello["runs"] = True
        if tickets := self.options.get("tickets"):
            hello["ticket"] = tickets[index]
        if resume := self.options.get("resume"):
            hello["resume"] = resume
        return client_frame(msgspec.json.encode(hello))

    def learn(self, payload: bytes) -> Meaning:
        said = msgspec.json.decode(payload)
        match said["op"]:
            case "event":
                return _of_event(said)
            case "events":
                return Meaning(
                    tuple(one["data"]["n"] for one in said["events"] if one["type"] == TYPE)
                )
            case "ping":
                pong = msgspec.json.encode({"op": "pong", "position": said["position"]})
                return Meaning(reply=client_frame(pong))
            case "welcome":
                if said["refused"] or (self.options.get("resume") and not said["recovered"]):
                    return Meaning(error=f"refused {said['refused']}, {said.get('reason')}")
                return Meaning(welcome=True)
            case "goodbye":
                return Meaning(error=f"goodbye {said['code']} {said['reason']}")
        return NOTHING


class SocketIO(Dialect):
    """Socket.IO 5 over Engine.IO 4, WebSocket from the start."""

    welcome_on_open = False

    def greeting(self, index: int) -> bytes:
        return client_frame(b"40")

    def learn(self, payload: bytes) -> Meaning:
        if payload.startswith(b"42"):
            return _of_event(msgspec.json.decode(payload[2:])[1])
        if payload.startswith(b"40"):
            return Meaning(welcome=True)
        return Meaning(reply=client_frame(b"3")) if payload == b"2" else NOTHING


class Nats(Dialect):
    """NATS: its text protocol inside binary frames, cut anywhere."""

    welcome_on_open = False
    SUBJECT = "bench"

    def greeting(self, index: int) -> bytes:
        said = f'CONNECT {{"verbose":false,"pedantic":false}}\r\nSUB {self.SUBJECT} 1\r\nPING\r\n'
        return client_frame(said.encode(), 2)

    def texts(self, payload: bytes) -> list[bytes]:
        return payload.split(b"\r\n")

    def learn(self, payload: bytes) -> Meaning:
        if payload.startswith(b"{"):
            return super().learn(payload)
        if payload == b"PING":
            return Meaning(reply=client_frame(b"PONG\r\n", 2))
        return Meaning(welcome=True) if payload == b"PONG" else NOTHING


class EventStream(Dialect):
    """Server-sent events over HTTP, one event per chunk."""

    welcome_on_open = False
    framed = False

    def headers(self) -> str:
        return "Accept: text/event-stream\r\n"

    def request(self, index: int) -> bytes:
        return f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self.headers()}\r\n".encode()

    def texts(self, payload: bytes) -> list[bytes]:
        return [line for line in payload.split(b"\n") if line.startswith((b"data: {", b"event: "))]

    def learn(self, payload: bytes) -> Meaning:
        if payload.startswith(b"data: "):
            return _of_event(msgspec.json.decode(payload[6:]))
        return Meaning(welcome=payload == b"event: stream-open")


DIALECTS: dict[str, Callable[..., Dialect]] = {
    "plain": Dialect,
    "hub": Hub,
    "socketio": SocketIO,
    "nats": Nats,
    "eventstream": EventStream,
}
